/** Every call that takes long can be ended by a signal: before it begins, in the queue, and in the middle. */
import { readFileSync } from 'node:fs';
import { expect, fixture, test } from '../support/fixtures.ts';

test('a signal ends create, preload, upscale, tiles and importModel', async ({ page, server }) => {
  await page.goto(`${server.url}docs/index.html`);
  const seen = await page.evaluate(
    async (cup) => {
      const address = '/resshift/index.js';
      const { Upscaler, importModel, listModels } = (await import(address)) as typeof import('resshift-web');
      const file = new Blob([Uint8Array.from(atob(cup), (c) => c.charCodeAt(0))]);
      const ended = (call: Promise<unknown>): Promise<string> =>
        call.then(
          () => 'went on',
          (error: { name: string; code: string }) => `${error.name} ${error.code}`,
        );
      const over = AbortSignal.abort();
      /** Ends what it is given to as soon as that says anything. */
      const once = (): { signal: AbortSignal; onProgress: () => void } => {
        const stop = new AbortController();
        return { signal: stop.signal, onProgress: () => stop.abort() };
      };
      const loop = async (signal: AbortSignal, atTile?: () => void): Promise<void> => {
        for await (const _ of upscaler.tiles(file, { steps: 1, tile: 8, signal })) atTile?.();
      };
      const early = [await ended(Upscaler.create({ device: 'cpu', ...once() })), await ended(Upscaler.preload(once()))];
      const kept = (await listModels()).length;
      const upscaler = await Upscaler.create({ device: 'cpu' });
      const begun = [
        await ended(Upscaler.create({ signal: over })),
        await ended(Upscaler.preload({ signal: over })),
        await ended(importModel([file, file], { onLicence: () => true, signal: over })),
        await ended(upscaler.upscale(file, { signal: over })),
        await ended(loop(over)),
      ];
      const queued = new AbortController();
      const first = upscaler.upscale(file, { steps: 1 });
      const second = ended(upscaler.upscale(file, { signal: queued.signal }));
      queued.abort();
      const atTile = new AbortController();
      const middle = [await second, await ended(upscaler.upscale(file, once())), await ended(loop(atTile.signal, () => atTile.abort()))];
      const widths = [(await first).width, (await upscaler.upscale(file, { steps: 1 })).width];
      upscaler.dispose();
      return { early, kept, begun, middle, widths };
    },
    readFileSync(fixture('cup-16x16.png')).toString('base64'),
  );
  const end = 'AbortError aborted';
  expect(seen).toEqual({ early: [end, end], kept: 0, begun: Array(5).fill(end), middle: Array(3).fill(end), widths: [64, 64] });
  await expect.poll(() => page.workers().length).toBe(0);
});
