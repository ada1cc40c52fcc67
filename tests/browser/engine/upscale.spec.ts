/** A real photo through the default model on the CPU. */
import { readFile } from 'node:fs/promises';
import { expect, fixture, open, save, test, upscale } from '../support/fixtures.ts';
import { decode, difference, pngSize, reduced } from '../support/pixels.ts';

const PHOTO = fixture('cup-40x32.png');

test('a photo becomes a picture four times its size, with detail of its own', async ({ page, server }) => {
  await open(page, server);
  await upscale(page, { file: PHOTO, steps: 4 });

  await expect(page.locator('#runs-on')).toContainText('Runs on your CPU: the only GPU here is emulated');
  await expect(page.locator('#outcome')).toContainText('160 × 128 pixels');
  await expect(page.locator('#outcome')).toContainText('on your CPU · 4 steps, seed 0');
  await expect(page.locator('#model-line')).toContainText('compact');
  await expect(page.locator('.strip')).toHaveCount(0);

  const { name, bytes } = await save(page);
  expect(name).toBe('cup-40x32_x4.png');
  expect(pngSize(bytes)).toEqual({ width: 160, height: 128 });
  const photo = await readFile(PHOTO);
  const result = await decode(page, bytes);
  // Not the browser's enlargement, and yet the same picture: reduced again it is near the original.
  expect(difference(result, await decode(page, photo, 4)).mean).toBeGreaterThan(1);
  expect(difference(reduced(result), await decode(page, photo)).mean).toBeLessThan(12);
});

test('the same seed gives the same file, another seed another', async ({ page, server }) => {
  await open(page, server);
  await upscale(page, { file: PHOTO, steps: 1, seed: 7 });
  const first = await save(page);
  await upscale(page, { steps: 1, seed: 7 });
  const second = await save(page);
  await upscale(page, { steps: 1, seed: 8 });
  const third = await save(page);
  expect(second.bytes.equals(first.bytes)).toBe(true);
  expect(third.bytes.equals(first.bytes)).toBe(false);
  expect(server.asked(/\.safetensors$/), 'the weights are loaded once').toHaveLength(1);
});

test('an engine that has become large is gone with its result, and the next run has a new one', async ({ page, server }) => {
  // As if the picture had been large.
  server.prepend(
    /worker\.js$/,
    `{ const post = self.postMessage.bind(self);
       self.postMessage = (message, transfer) => post(message.type === 'done' ? { ...message, large: true } : message, transfer); }`,
  );
  await open(page, server);
  await upscale(page, { file: PHOTO, steps: 1 });
  const first = await save(page);
  await expect.poll(() => page.workers().length).toBe(0);
  await upscale(page, { steps: 1 });
  expect((await save(page)).bytes.equals(first.bytes)).toBe(true);
  expect(server.asked(/\.safetensors$/), 'the weights are stored').toHaveLength(1);
});

test('progress tells step and tile, and tiles appear in place', async ({ page, server }) => {
  await page.addInitScript(() => {
    const seen: string[] = ((globalThis as Record<string, unknown>)['seen'] = []) as string[];
    const put = CanvasRenderingContext2D.prototype.putImageData;
    CanvasRenderingContext2D.prototype.putImageData = function (this: CanvasRenderingContext2D, ...given: unknown[]) {
      const [image, x, y] = given as [ImageData, number, number];
      seen.push(`${this.canvas.id} ${x} ${y} ${image.width} ${image.height}`);
      return put.apply(this, given as Parameters<typeof put>);
    };
    document.addEventListener('DOMContentLoaded', () => {
      const text = document.getElementById('run-text')!;
      new MutationObserver(() => seen.push(text.textContent!)).observe(text, { childList: true });
    });
  });
  await open(page, server);
  await upscale(page, { file: PHOTO, steps: 4 });
  const seen = await page.evaluate(() => (globalThis as unknown as { seen: string[] }).seen);
  const steps = seen.filter((line) => line.startsWith('Step'));
  expect(steps.length).toBeGreaterThanOrEqual(4);
  expect(steps[0]).toMatch(/^Step 1 of 4, tile 1 of \d+$/);
  expect(steps.at(-1)).toMatch(/^Step 4 of 4, tile (\d+) of \1$/);
  // What comes before the last step's end are previews.
  const final = seen.slice(seen.findLastIndex((line) => line.startsWith('Step')));
  const area = final
    .filter((line) => line.startsWith('canvas'))
    .map((line) => line.split(' ').map(Number))
    .reduce((sum, [, , , width, height]) => sum + width! * height!, 0);
  expect(area).toBe(160 * 128);
});

test('finished tiles are those that the progress counts, and cover the result once', async ({ page, server }) => {
  await open(page, server);
  const seen = await page.evaluate(async () => {
    const { Upscaler } = (await import(new URL('resshift/index.js', location.href).href)) as typeof import('resshift-web');
    const upscaler = await Upscaler.create({ device: 'cpu', engines: 1 });
    const data = Uint8ClampedArray.from({ length: 4 * 21 * 29 }, (_, i) => (i % 4 === 3 ? 255 : (i * 37) % 251));
    const [progress, tiles]: [number[][], number[][]] = [[], []];
    await upscaler.upscale(new ImageData(data, 21, 29), {
      steps: 4,
      tile: 8,
      onProgress: ({ step, steps, tile, tiles, fraction }) => progress.push([step, steps, tile, tiles, fraction]),
      onTile: ({ x, y, image }) => tiles.push([x, y, image.width, image.height]),
    });
    upscaler.dispose();
    return { progress, tiles };
  });
  const [, , , counted] = seen.progress[0]!;
  expect(counted).toBe(4);
  for (const [step, steps, tile, tiles, fraction] of seen.progress) {
    expect([steps, tiles]).toEqual([4, counted]);
    expect(fraction).toBeCloseTo(((step! - 1) * tiles! + tile!) / (steps! * tiles!), 9);
  }
  expect(seen.progress.at(-1)!.slice(0, 5)).toEqual([4, 4, 4, 4, 1]);
  expect(seen.tiles.length).toBe(counted);
  let below = 0;
  for (const [x, y, width, height] of seen.tiles) {
    expect([x, y, width]).toEqual([0, below, 84]);
    below += height!;
  }
  expect(below).toBe(116);
});

test('while the chain runs, what it predicts appears in place', async ({ page, server }) => {
  // Time flies in the worker: the first prediction is worth its cost at once.
  server.prepend(/worker\.js$/, '{ const clock = performance.now.bind(performance); performance.now = () => 1e4 * clock(); }');
  await open(page, server);
  const { parts, differs, final } = await page.evaluate(async () => {
    const { Upscaler } = (await import(new URL('resshift/index.js', location.href).href)) as typeof import('resshift-web');
    const upscaler = await Upscaler.create({ device: 'cpu', engines: 1 });
    const data = Uint8ClampedArray.from({ length: 4 * 21 * 13 }, (_, i) => (i % 4 === 3 ? 255 : (i * 37) % 251));
    const parts: number[][] = [];
    let [step, differs, final] = [0, 0, 0];
    let preview: ImageData | undefined;
    await upscaler.upscale(new ImageData(data, 21, 13), {
      steps: 8,
      onProgress: (progress) => (step = progress.step),
      onPreview: ({ x, y, image }) => {
        preview = image;
        parts.push([x, y, image.width, image.height, step]);
      },
      onTile: ({ image }) => {
        final += image.width * image.height;
        differs = image.data.reduce((sum, value, i) => sum + Math.abs(value - (preview?.data[i] ?? 0)), 0) / image.data.length;
      },
    });
    upscaler.dispose();
    return { parts, differs, final };
  });
  expect(parts.length).toBeGreaterThan(0);
  for (const [x, y, width, height, step] of parts) expect([x, y, width, height, step! < 8]).toEqual([0, 0, 84, 52, true]);
  expect(differs, 'from the result, in 1/255').toBeGreaterThan(0);
  expect(differs).toBeLessThan(60);
  expect(final).toBe(84 * 52);
});
