/** Results smaller than x4, pictures too large to take, and what a run is expected to cost. */
import { readFile } from 'node:fs/promises';
import { begin, choose, expect, finished, fixture, open, save, test, type, upscale } from '../support/fixtures.ts';
import { decode, difference } from '../support/pixels.ts';
import { resultSize } from '../../../www/src/settings/result-size.ts';

test('sizes round as the engine rounds them', () => {
  const picture = { width: 40, height: 31 };
  expect(resultSize(picture, { scale: 4 })).toEqual({ width: 160, height: 124 });
  expect(resultSize(picture, { scale: 1.5 })).toEqual({ width: 60, height: 47 });
  expect(resultSize(picture, { width: 100 })).toEqual({ width: 100, height: 78 });
  expect(resultSize(picture, { height: 1 })).toEqual({ width: 1, height: 1 });
  expect(resultSize(picture, { width: 161 })).toBeNull();
});

test.describe('the engine', () => {
  test('makes exactly the size that the page announces', async ({ page, server }) => {
    await open(page, server);
    const file = fixture('cup-40x32.png');
    await choose(page, file);
    await page.locator('#size').selectOption('3');
    await expect(page.locator('#sizes')).toHaveText('40 × 32 → 120 × 96 pixels');
    await upscale(page, { steps: 1, device: 'cpu' });
    const x3 = await decode(page, (await save(page)).bytes);
    expect([x3.width, x3.height]).toEqual([120, 96]);
    await expect(page.locator('#save')).toHaveAttribute('download', 'cup-40x32_x3.png');

    await page.locator('#size').selectOption('percent');
    await type(page.getByLabel('Percent of the original'), '100');
    await upscale(page, { steps: 1 });
    const x1 = await decode(page, (await save(page)).bytes);
    // At its own size the result is the original again, but for the restored detail.
    expect(difference(x1, await decode(page, await readFile(file))).mean).toBeLessThan(8);

    await page.locator('#size').selectOption('height');
    await type(page.getByLabel('Height in pixels'), '50');
    await upscale(page, { steps: 1 });
    const high = await decode(page, (await save(page)).bytes);
    expect([high.width, high.height]).toEqual([63, 50]);
    await expect(page.locator('#save')).toHaveAttribute('download', 'cup-40x32_63x50.png');
  });

  test('takes what only the browser decodes, and says how large a picture may be', async ({ page, server }) => {
    await open(page, server);
    const bytes = [...(await readFile(fixture('cup-16x16.avif')))];
    const found = await page.evaluate(async (avif) => {
      const { Upscaler } = await import(new URL('resshift/index.js', location.href).href);
      const { maxPixels } = await Upscaler.capabilities();
      const upscaler = await Upscaler.create({ device: 'cpu' });
      const result = await upscaler.upscale(new Blob([new Uint8Array(avif)]), { steps: 1, scale: 2 });
      const large = new ImageData(1, maxPixels + 1);
      const refused = await upscaler.upscale(large).then(
        () => '',
        (error: { code: string }) => error.code,
      );
      const wide = await upscaler.upscale(new ImageData(4, 4), { steps: 1, width: 17 }).then(
        () => '',
        (error: { code: string }) => error.code,
      );
      upscaler.dispose();
      return { size: [result.width, result.height], type: result.blob.type, refused, wide };
    }, bytes);
    expect(found).toEqual({ size: [32, 32], type: 'image/png', refused: 'image-too-large', wide: 'bad-option' });
  });
});

test.describe('the page', () => {
  test.use({ engine: 'fake' });

  test('a size beyond x4 is refused before the run', async ({ page, server }) => {
    await open(page, server);
    await choose(page, fixture('cup-40x32.png'));
    await page.locator('#size').selectOption('width');
    await type(page.getByLabel('Width in pixels'), '161');
    await expect(page.locator('#estimate')).toHaveText('The largest result is 160 × 128 pixels.');
    await type(page.getByLabel('Width in pixels'), '160');
    await expect(page.locator('#sizes')).toHaveText('40 × 32 → 160 × 128 pixels');
  });

  test('a picture beyond the limit is refused immediately, and a smaller copy runs', async ({ page, server }) => {
    await page.addInitScript(() =>
      Object.assign(globalThis, {
        fake: { capabilities: { wasm: true, webgpu: null, recommended: 'cpu', cache: true, maxPixels: 200 } },
      }),
    );
    await open(page, server);
    await choose(page, fixture('cup-40x32.png'));
    await expect(page.locator('#estimate')).toContainText('Too large');
    await expect(page.locator('#upscale')).toBeHidden();
    await page.getByRole('button', { name: 'Use a smaller copy' }).click();
    await expect(page.locator('#sizes')).toHaveText('15 × 12 → 60 × 48 pixels');
    await expect(page.locator('#smaller')).toBeHidden();
    await begin(page, { steps: 1 });
    await finished(page);
  });

  test('what a run will cost is known after the first one, also at the next visit', async ({ page, server }) => {
    await open(page, server);
    await choose(page, fixture('cup-40x32.png'));
    // Nothing was measured yet: memory is known, and of the time on a CPU a guess.
    await expect(page.locator('#estimate')).toHaveText(/^Roughly \d+ (s|min) and 640 kB of memory\. The first run will refine this\.$/);
    await upscale(page, { steps: 1 });
    await expect(page.locator('#estimate')).toHaveText('About 1 s and 640 kB of memory.');
    await page.reload();
    await choose(page, fixture('cup-40x32.png'));
    await expect(page.locator('#estimate')).toHaveText('About 1 s and 640 kB of memory.');
    await page.locator('input[name=steps][value="15"]').check();
    await expect(page.locator('#estimate')).toContainText('About');
    await page.locator('#device').selectOption('webgpu');
    await expect(page.locator('#estimate')).toHaveText('About 640 kB of memory. The first run will measure the time.');
    await expect(page.locator('.step-time')).toHaveText(['', '', '', '']);
  });

  test('each choice of steps shows its time and what it changes', async ({ page, server }) => {
    // The empty page before it has no storage.
    await page.addInitScript(() => origin !== 'null' && localStorage.setItem('resshift paces', '{"compact auto":0.002}'));
    await open(page, server);
    await choose(page, fixture('cup-40x32.png'));
    await expect(page.locator('.step-time')).toHaveText(['about 38 s', 'about 10 s', 'about 3 s', '']);
    for (const [steps, about] of [
      ['1', /closest to the original/],
      ['4', /Nearly the same/],
      ['15', /finest texture/],
    ] as const) {
      await page.locator(`input[name=steps][value="${steps}"]`).check();
      await expect(page.getByRole('radiogroup', { name: 'Steps' })).toHaveAccessibleDescription(about);
    }
  });
});
