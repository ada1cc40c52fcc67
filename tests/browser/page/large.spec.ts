/** Results of 256 megapixels: no canvas beyond what every browser draws, every pixel at 100 %, and what happens where memory is short. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { crc32, deflateSync } from 'node:zlib';
import type { Page } from '@playwright/test';
import { FIND_MEMORY } from '../support/engine-memory.ts';
import { begin, choose, errorCode, expect, finished, fixture, open, test, upscale } from '../support/fixtures.ts';
import { MODELS } from '../support/folders.ts';
import { decode } from '../support/pixels.ts';
import { build } from 'esbuild';

/** As the package has it: Node would not take names out of a JSON file. */
async function limits(): Promise<typeof import('../../../npm/src/shared/limits.ts')> {
  const entry = fileURLToPath(new URL('../../../npm/src/shared/limits.ts', import.meta.url));
  const { outputFiles } = await build({ entryPoints: [entry], bundle: true, format: 'esm', write: false });
  return import(`data:text/javascript,${encodeURIComponent(outputFiles[0]!.text)}`);
}

const { maxPixels, networkBytes, pageBytes, wasmBytes } = await limits();

const MEGA = 2 ** 20;

/** A PNG file of one bit per pixel: columns are black and white in turn, and every other row is turned round. */
function chequered(width: number, height: number): Buffer {
  const chunk = (type: string, data: Buffer): Buffer => {
    const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
    const [size, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
    size.writeUInt32BE(data.length);
    sum.writeUInt32BE(crc32(body));
    return Buffer.concat([size, body, sum]);
  };
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width);
  header.writeUInt32BE(height, 4);
  header[8] = 1;
  const line = 1 + Math.ceil(width / 8);
  const rows = Buffer.alloc(line * height, 0x55);
  for (let y = 0; y < height; y++) {
    if (y % 2) rows.fill(0xaa, y * line, (y + 1) * line);
    rows[y * line] = 0;
  }
  const parts = [chunk('IHDR', header), chunk('IDAT', deflateSync(rows, { level: 1 })), chunk('IEND', Buffer.alloc(0))];
  return Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), ...parts]);
}

/** From now on, the canvases that some browser refuses: more than 16 777 216 pixels, or a side of more than 16 384. */
async function watchCanvases(page: Page): Promise<() => Promise<string[]>> {
  await page.addInitScript(() => {
    const refused: string[] = [];
    const check = (width: number, height: number): void => {
      if (width * height > 2 ** 24 || Math.max(width, height) > 2 ** 14) refused.push(`${width} x ${height}`);
    };
    for (const side of ['width', 'height'] as const) {
      const { get, set } = Object.getOwnPropertyDescriptor(HTMLCanvasElement.prototype, side)!;
      Object.defineProperty(HTMLCanvasElement.prototype, side, {
        get: get!,
        set(this: HTMLCanvasElement, value: number) {
          set!.call(this, value);
          check(this.width, this.height);
        },
      });
    }
    const Plain = OffscreenCanvas;
    Object.assign(globalThis, {
      refused,
      OffscreenCanvas: function (width: number, height: number) {
        check(width, height);
        return new Plain(width, height);
      },
    });
  });
  return () => page.evaluate(() => (globalThis as unknown as { refused: string[] }).refused);
}

test('the limit follows from what the engine needs and what the device reports', () => {
  expect(maxPixels({ deviceMemory: 8 })).toBe(16 * MEGA);
  expect(maxPixels({ deviceMemory: 0.5 }), 'as much as ever').toBe(MEGA);
  expect(maxPixels({ deviceMemory: 4 }), 'where a page may take 2 GiB').toBeGreaterThan(12e6);
  const two = maxPixels({ deviceMemory: 2 });
  expect(two).toBeGreaterThan(4 * MEGA);
  expect(two).toBeLessThan(6 * MEGA);
  const compact = { channels: 64, bytes: 12e6, y0: false };
  expect(pageBytes(Math.sqrt(two), Math.sqrt(two), compact)).toBeLessThan(2 ** 30);
  expect(maxPixels({ maxTouchPoints: 5 }), 'a phone that does not tell').toBe(MEGA);
  expect(maxPixels({ maxTouchPoints: 0 }), 'a computer that does not tell').toBe(16 * MEGA);
  expect(wasmBytes(4096, 4096, { ...compact, y0: true }), 'what WebAssembly can have').toBeLessThan(2 ** 32);
});

/** `tests/memory.rs` compares the engine's reservation with the same numbers. A tile's sides are multiples of a few pixels there. */
test("the estimate of a network's memory is what the engine reserves", () => {
  const table = JSON.parse(readFileSync(fileURLToPath(new URL('../../golden/network_bytes.json', import.meta.url)), 'utf8')) as {
    width: number;
    height: number;
    channels: number;
    bytes: number;
  }[];
  for (const { width, height, channels, bytes } of table) {
    const told = networkBytes(width, height, channels);
    expect(told / bytes, `${width} x ${height}: ${told}`).toBeGreaterThan(0.99);
    // Of a very wide picture, that of the largest tile there can be.
    expect(told / bytes, `${width} x ${height}: ${told}`).toBeLessThan(width > 4096 ? 1.25 : 1.01);
  }
});

/** Runs in the worker before the engine: keeps its memory, and tells how large that has become. */
const TELL_MEMORY = `{
  ${FIND_MEMORY}
  const channel = new BroadcastChannel('memory');
  channel.onmessage = ({ data }) => data === 'tell' && channel.postMessage(memory.buffer.byteLength);
}`;

for (const model of ['nano', 'compact']) {
  test(`the engine takes about the estimated memory for ${model}`, async ({ page, server }) => {
    server.prepend(/worker\.js$/, TELL_MEMORY);
    await open(page, server);
    const { network, bytes } = JSON.parse(readFileSync(join(MODELS, model, 'model.json'), 'utf8')) as {
      network: { channels: number[] };
      bytes: number;
    };
    for (const [width, height] of [
      [128, 128],
      [320, 320],
      [512, 320],
    ] as const) {
      const took = await page.evaluate(
        async ({ model, width, height }) => {
          const { Upscaler } = (await import(new URL('resshift/index.js', location.href).href)) as typeof import('resshift-web');
          // Memory never shrinks: each size has an engine of its own.
          const upscaler = await Upscaler.create({ model, device: 'cpu', engines: 1 });
          await upscaler.upscale(new ImageData(width, height), { steps: 1 });
          const channel = new BroadcastChannel('memory');
          try {
            return await new Promise<number>((resolve) => {
              channel.onmessage = ({ data }) => resolve(data as number);
              channel.postMessage('tell');
            });
          } finally {
            channel.close();
            upscaler.dispose();
          }
        },
        { model, width, height },
      );
      const told = wasmBytes(width, height, { channels: network.channels[0]!, bytes, y0: false });
      expect(told / took, `${width} x ${height}: ${Math.round(took / 1e6)} MB`).toBeGreaterThan(0.8);
      expect(told / took, `${width} x ${height}: ${Math.round(took / 1e6)} MB`).toBeLessThan(1.25);
    }
  });
}

test.describe('the viewer', () => {
  test.use({ engine: 'fake' });

  test('shows every pixel of 256 megapixels at 100 %, without a canvas too large for any browser', async ({ page, server }) => {
    const refused = await watchCanvases(page);
    server.add(new Map([['large.png', chequered(16384, 16384)]]));
    await page.addInitScript(() =>
      Object.assign(globalThis, { fake: { result: { url: 'large.png', type: 'image/png', width: 16384, height: 16384 } } }),
    );
    await open(page, server);
    await choose(page, { name: 'square.png', mimeType: 'image/png', buffer: chequered(4096, 4096) });
    await expect(page.locator('#sizes')).toHaveText('4096 × 4096 → 16384 × 16384 pixels');
    await upscale(page, { steps: 1 });
    await expect(page.locator('#strips')).toBeEmpty();

    await page.getByRole('button', { name: '100 %' }).click();
    const box = (await page.locator('#result').boundingBox())!;
    expect([box.width, box.height]).toEqual([16384, 16384]);
    await page.locator('#split').evaluate((slider: HTMLInputElement) => {
      slider.value = '0';
      slider.dispatchEvent(new Event('input'));
    });
    const frame = (await page.locator('#frame').boundingBox())!;
    const clip = { x: Math.round(frame.x + frame.width / 2), y: Math.round(frame.y + frame.height / 2), width: 40, height: 30 };
    await expect(async () => {
      const { data } = await decode(page, await page.screenshot({ clip }));
      const at = (x: number, y: number): number => data[(y * clip.width + x) * 4]!;
      const first = at(0, 0);
      expect([0, 255]).toContain(first);
      for (let y = 0; y < clip.height; y++) {
        for (let x = 0; x < clip.width; x++) expect(at(x, y), `${x}, ${y}`).toBe((x + y) % 2 ? 255 - first : first);
      }
    }).toPass();
    expect(await refused()).toEqual([]);
  });

  test('a panorama wider than any canvas is shown as it comes, and goes to the clipboard only as the PNG that it is', async ({
    page,
    server,
  }) => {
    const refused = await watchCanvases(page);
    server.add(new Map([['wide.png', chequered(32_768, 512)]]));
    await page.addInitScript(() =>
      Object.assign(globalThis, { fake: { result: { url: 'wide.png', type: 'image/png', width: 32_768, height: 512 } } }),
    );
    await open(page, server);
    const file = { name: 'panorama.png', mimeType: 'image/png', buffer: chequered(8192, 128) };
    await upscale(page, { file, steps: 1 });
    await expect(page.getByRole('button', { name: 'Copy' })).toBeVisible();
    await page.evaluate(() => ((globalThis as unknown as { fake: { result: { type: string } } }).fake.result.type = 'image/webp'));
    await upscale(page);
    await expect(page.getByRole('link', { name: 'Save WebP' })).toBeVisible();
    await expect(page.getByRole('button', { name: 'Copy' })).toBeHidden();
    expect(await refused()).toEqual([]);
  });

  test('where memory runs out a smaller copy is offered, and runs', async ({ page, server }) => {
    await page.addInitScript(() => Object.assign(globalThis, { fake: { upscaleError: 'out-of-memory' } }));
    await open(page, server);
    await begin(page, { file: fixture('cup-40x32.png'), steps: 1 });
    expect(await errorCode(page)).toBe('out-of-memory');
    await page.locator('#error-card').getByRole('button', { name: 'Use a smaller copy' }).click();
    await expect(page.locator('#error-card')).toBeHidden();
    await expect(page.locator('#sizes')).toHaveText('28 × 22 → 112 × 88 pixels');
    await begin(page);
    await finished(page);
  });
});
