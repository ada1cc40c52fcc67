/** An engine whose memory runs out: an error with a way on, before the work or in the middle of it. */
import { expect, open, test } from '../support/fixtures.ts';

/** Bytes of a WebAssembly page. */
const PAGE = 1 << 16;

test('too little memory is an error before any work, and the same upscaler then takes a smaller picture', async ({
  page,
  server,
  tolerate,
}) => {
  tolerate(/unreachable|out of memory|RuntimeError/i);
  await open(page, server);
  const found = await page.evaluate(async (PAGE) => {
    const { Upscaler } = await import(new URL('resshift/index.js', location.href).href);
    const engine = new Uint8Array(await (await fetch('resshift/engine/resshift_bg.wasm')).arrayBuffer());

    /** The number at `at`, in LEB128, and where it ends. */
    const number = (at: number): [value: number, end: number] => {
      let value = 0;
      for (let shift = 0; ; shift += 7, at++) {
        value += (engine[at]! & 0x7f) * 2 ** shift;
        if (engine[at]! < 0x80) return [value, at + 1];
      }
    };
    const leb = (value: number): number[] => (value < 128 ? [value] : [(value & 0x7f) | 0x80, ...leb(value >>> 7)]);

    /** The engine with at most so many bytes more memory than it begins with. */
    const limited = (bytes: number): Uint8Array => {
      for (let at = 8; at < engine.length; ) {
        const [length, body] = number(at + 1);
        // The section of memories: one, with its flags and its first size.
        if (engine[at] === 5) {
          const [first] = number(body + 2);
          const section = [1, 1, ...leb(first), ...leb(first + Math.ceil(bytes / PAGE))];
          return Uint8Array.from([...engine.subarray(0, at), 5, ...leb(section.length), ...section, ...engine.subarray(body + length)]);
        }
        at = body + length;
      }
      throw new Error('an engine without memory');
    };

    const blank = (side: number): ImageData => new ImageData(new Uint8ClampedArray(4 * side * side).fill(255), side, side);
    const run = async (bytes: number, sides: number[]): Promise<{ outcome: string; began: boolean }[]> => {
      const upscaler = await Upscaler.create({ device: 'cpu', engines: 1, engine: limited(bytes) });
      const outcomes: { outcome: string; began: boolean }[] = [];
      for (const side of sides) {
        let began = false;
        const outcome = await upscaler.upscale(blank(side), { steps: 1, onProgress: () => (began = true) }).then(
          ({ width }: { width: number }) => `${width}`,
          (error: { code: string; advice: string }) => error.advice && error.code,
        );
        outcomes.push({ outcome, began });
      }
      upscaler.dispose();
      return outcomes;
    };
    return { before: await run(96 * 2 ** 20, [1024, 32]), within: await run(48 * 2 ** 20, [256, 32]) };
  }, PAGE);
  expect(found.before).toEqual([
    { outcome: 'out-of-memory', began: false },
    { outcome: '128', began: true },
  ]);
  // The canvas has room, the tile has not.
  expect(found.within).toEqual([
    { outcome: 'out-of-memory', began: false },
    { outcome: '128', began: true },
  ]);
});
