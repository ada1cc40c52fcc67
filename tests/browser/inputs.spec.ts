/** Everything the public surface accepts as a picture gives the same result. */
import { readFile } from 'node:fs/promises';
import { expect, fixture, open, test } from './fixtures.ts';

test('bytes, Blob, ImageBitmap, ImageData and image element agree', async ({ page, server }) => {
  await open(page, server);
  const base64 = (await readFile(fixture('cup-16x16.png'))).toString('base64');
  const digests = await page.evaluate(async (base64) => {
    const { Upscaler } = await import(new URL('resshift/index.js', location.href).href) as typeof import('resshift-web');
    const upscaler = await Upscaler.create({ device: 'cpu' });
    const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
    const blob = new Blob([bytes], { type: 'image/png' });
    const bitmap = await createImageBitmap(blob);
    const context = new OffscreenCanvas(bitmap.width, bitmap.height).getContext('2d')!;
    context.drawImage(bitmap, 0, 0);
    const image = new Image();
    image.src = `data:image/png;base64,${base64}`;
    await image.decode();
    const inputs = [bytes, bytes.buffer.slice(0), blob, bitmap, context.getImageData(0, 0, bitmap.width, bitmap.height), image];
    const digests: string[] = [];
    for (const input of inputs) {
      const result = await upscaler.upscale(input, { steps: 1, seed: 3 });
      const canvas = new OffscreenCanvas(result.width, result.height).getContext('2d')!;
      canvas.drawImage(await createImageBitmap(result.blob), 0, 0);
      const { data } = canvas.getImageData(0, 0, result.width, result.height);
      digests.push([...new Uint8Array(await crypto.subtle.digest('SHA-256', data))].join());
    }
    upscaler.dispose();
    return digests;
  }, base64);
  expect(digests).toHaveLength(6);
  expect(new Set(digests).size).toBe(1);
});
