/** Results as pixels, without an encoded file in between. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import { expect, fixture, test } from '../support/fixtures.ts';
import { IMAGES } from '../support/folders.ts';
import type { TestServer } from '../support/server.ts';

/** An upscaler in the page, a picture, and the pixels of whatever can be drawn. */
async function open(page: Page, server: TestServer, picture: string): Promise<void> {
  await page.goto(server.url);
  await page.evaluate(async (picture) => {
    const address = '/resshift/index.js';
    const { Upscaler } = (await import(address)) as typeof import('resshift-web');
    const file = new Blob([Uint8Array.from(atob(picture), (c) => c.charCodeAt(0))]);
    const pixels = (source: ImageBitmap | HTMLCanvasElement | OffscreenCanvas): number[] => {
      const context = new OffscreenCanvas(source.width, source.height).getContext('2d')!;
      context.drawImage(source, 0, 0);
      return Array.from(context.getImageData(0, 0, source.width, source.height).data);
    };
    Object.assign(globalThis, { upscaler: await Upscaler.create({ device: 'cpu', engines: 1 }), file, pixels });
  }, readFileSync(picture).toString('base64'));
}

test('ImageData, ImageBitmap and canvases get the pixels that a file has', async ({ page, server }) => {
  await open(page, server, fixture('cup-16x16.png'));
  const seen = await page.evaluate(async () => {
    const { upscaler, file, pixels } = globalThis as any;
    const { blob } = await upscaler.upscale(file, { steps: 1 });
    const expected = pixels(await createImageBitmap(blob)).join();
    const data = await upscaler.upscale(file, { steps: 1, format: 'imageData' });
    const bitmap = await upscaler.upscale(file, { steps: 1, format: 'imageBitmap' });
    const canvas = document.createElement('canvas');
    const drawn = await upscaler.upscale(file, { steps: 1, canvas });
    const offscreen = new OffscreenCanvas(1, 1);
    const reduced = await upscaler.upscale(file, { steps: 1, canvas: offscreen, width: 40 });
    return {
      kinds: [data.image instanceof ImageData, bitmap.image instanceof ImageBitmap, drawn.image, drawn.blob, data.blob],
      same: [[...data.image.data], pixels(bitmap.image), pixels(canvas)].map((found) => found.join() === expected),
      sizes: [data.width, bitmap.height, canvas.width, offscreen.width, offscreen.height, reduced.width],
      reduced: new Set(pixels(offscreen)).size > 30,
    };
  });
  expect(seen).toEqual({
    kinds: [true, true, undefined, undefined, undefined],
    same: [true, true, true],
    sizes: [64, 64, 64, 40, 40, 40],
    reduced: true,
  });
});

test('colours of a profile come in sRGB, as the browser shows the file', async ({ page, server }) => {
  await open(page, server, join(IMAGES, 'p3-gamma.png'));
  const apart = await page.evaluate(async () => {
    const { upscaler, file, pixels } = globalThis as any;
    const { blob } = await upscaler.upscale(file, { steps: 1 });
    const shown = pixels(await createImageBitmap(blob)) as number[];
    const { image } = await upscaler.upscale(file, { steps: 1, format: 'imageData' });
    const stored = pixels(await createImageBitmap(blob, { colorSpaceConversion: 'none' })) as number[];
    const difference = (other: number[]): number => other.reduce((max, value, i) => Math.max(max, Math.abs(value - image.data[i])), 0);
    return { shown: difference(shown), stored: difference(stored) };
  });
  expect(apart.shown).toBeLessThanOrEqual(3);
  expect(apart.stored, 'the picture has colours that the profile changes').toBeGreaterThan(10);
});

test('what cannot be drawn is said before the run', async ({ page, server }) => {
  await open(page, server, fixture('cup-16x16.png'));
  const said = await page.evaluate(async () => {
    const { upscaler, file } = globalThis as any;
    const other = document.createElement('canvas');
    other.getContext('bitmaprenderer');
    let begun = false;
    const attempt = (options: object): Promise<string> =>
      upscaler.upscale(file, { steps: 1, onProgress: () => (begun = true), ...options }).then(
        () => 'runs',
        ({ code, message }: any) => `${code}: ${message}`,
      );
    const canvas = document.createElement('canvas');
    const refused = [
      await attempt({ canvas: other }),
      await attempt({ canvas: {} }),
      await attempt({ canvas, format: 'png' }),
      await attempt({ format: 'imageData', quality: 90 }),
      await attempt({ format: 'imageBitmap', depth: 16 }),
    ];
    const before = begun;
    // As of a canvas that is too large for the browser: nothing is drawn, and nothing is said.
    CanvasRenderingContext2D.prototype.putImageData = () => undefined;
    return { refused, before, large: await attempt({ canvas }) };
  });
  expect(said).toEqual({
    refused: [
      'bad-option: canvas must have a 2D context; [object HTMLCanvasElement] was given.',
      'bad-option: canvas must have a 2D context; [object Object] was given.',
      'bad-option: Give either a format or a canvas, not both.',
      "bad-option: Only files of the formats 'jpeg' and 'webp' have a quality.",
      'bad-option: Only PNG files can have a depth of 16.',
    ],
    before: false,
    large: 'bad-option: The canvas cannot have 64 x 64 pixels here.',
  });
});
