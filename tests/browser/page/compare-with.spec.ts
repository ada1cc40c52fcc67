/** Two results of one picture under the same slider, over the stand-in engine. */
import type { Page } from '@playwright/test';
import { AxeBuilder } from '@axe-core/playwright';
import { begin, errorCode, expect, finished, fixture, open, save, test, type, upscale } from '../support/fixtures.ts';
import { SAMPLE_PHOTO } from '../support/folders.ts';
import { decode } from '../support/pixels.ts';

test.use({ engine: 'fake', serviceWorkers: 'block' });

const choice = (page: Page) => page.getByLabel('Compare with');
const options = (page: Page): Promise<string[]> => page.locator('#compare-with option').allInnerTexts();

/** Once more, and its result. */
async function again(page: Page, { steps, seed }: { steps: 1 | 4 | 15; seed: number }): Promise<Buffer> {
  await page.locator(`input[name=steps][value="${steps}"]`).check();
  await type(page.locator('#seed'), String(seed));
  await page.locator('#upscale').click();
  await finished(page);
  return (await save(page)).bytes;
}

/** What the frame shows on one side of the line once it no longer changes, as one colour per pixel. */
async function side(page: Page, share: number): Promise<Uint8Array> {
  await page.locator('#split').evaluate((slider: HTMLInputElement, value) => {
    slider.value = value;
    slider.dispatchEvent(new Event('input'));
  }, String(share));
  const box = (await page.locator('#result').boundingBox())!;
  const clip = { x: Math.round(box.x + box.width / 2) - 40, y: Math.round(box.y + box.height / 2) - 30, width: 30, height: 60 };
  let shown = await page.screenshot({ clip });
  for (let before: Buffer | undefined; !before?.equals(shown); ) [before, shown] = [shown, await page.screenshot({ clip })];
  return (await decode(page, shown)).data;
}

test('the last result is compared with an earlier one of the same picture', async ({ page, server }) => {
  await open(page, server);
  await upscale(page, { file: SAMPLE_PHOTO, steps: 4, seed: 0 });
  await expect(choice(page), 'there is one result').toBeHidden();
  const saved = (await save(page)).bytes;
  await again(page, { steps: 1, seed: 120 });
  await expect(choice(page)).toBeVisible();
  expect(await options(page)).toEqual(['Original, enlarged', 'compact · 4 steps, seed 0']);
  await page.getByRole('button', { name: '100 %' }).click();
  const [original, second] = [await side(page, 100), await side(page, 0)];

  await choice(page).selectOption({ index: 1 });
  await expect(page.locator('#other')).toBeVisible();
  await expect(page.locator('#tag-before')).toHaveText('4 steps, seed 0');
  await expect(page.locator('#tag-after')).toHaveText('1 step, seed 120');
  const slider = page.getByRole('slider', { name: '“4 steps, seed 0”' });
  const first = await side(page, 100);
  expect(first).not.toEqual(original);
  expect(first).not.toEqual(second);
  await expect.poll(() => side(page, 0)).toEqual(second);
  await expect(slider).toHaveAttribute('aria-valuetext', '4 steps, seed 0: 0 %; 1 step, seed 120: 100 %');
  const { violations } = await new AxeBuilder({ page }).analyze();
  expect(violations.map(({ id }) => id)).toEqual([]);

  await page.getByRole('button', { name: 'Side by side' }).click();
  const [left, right] = [(await page.locator('#other').boundingBox())!, (await page.locator('#result').boundingBox())!];
  expect([left.width, left.height]).toEqual([right.width, right.height]);
  await page.getByRole('button', { name: 'Side by side' }).click();

  // The earlier one is taken after all: it is the one to be saved.
  await page.getByRole('button', { name: 'Swap' }).click();
  await expect(page.locator('#tag-after')).toHaveText('4 steps, seed 0');
  await expect(page.locator('#tag-before')).toHaveText('1 step, seed 120');
  await expect(page.locator('#outcome')).toContainText('4 steps, seed 0');
  await expect.poll(() => side(page, 0)).toEqual(first);
  expect((await save(page)).bytes.equals(saved)).toBe(true);
  await page.getByRole('button', { name: 'Swap' }).click();
  await expect(page.locator('#tag-after')).toHaveText('1 step, seed 120');

  await choice(page).selectOption({ index: 0 });
  await expect(page.getByRole('button', { name: 'Swap' })).toBeHidden();
  await expect(page.locator('#other')).toBeHidden();
  await expect(page.locator('#tag-before')).toHaveText('Original, enlarged');
  await expect.poll(() => side(page, 100)).toEqual(original);
});

test('the choice outlasts a run, a cancelled one too; the same settings give no second answer; another picture has its own', async ({
  page,
  server,
}) => {
  await open(page, server);
  await upscale(page, { file: fixture('cup-40x32.png'), steps: 4, seed: 0 });
  await again(page, { steps: 4, seed: 1 });
  await choice(page).selectOption({ index: 1 });
  await again(page, { steps: 4, seed: 2 });
  expect(await options(page)).toEqual(['Original, enlarged', 'compact · 4 steps, seed 1', 'compact · 4 steps, seed 0']);
  await expect(choice(page)).toHaveValue('compact · 4 steps, seed 0');
  await expect(page.locator('#tag-after')).toHaveText('4 steps, seed 2');

  await page.evaluate(() => Object.assign((globalThis as unknown as { fake: object }).fake, { pace: 2 ** 20 }));
  await begin(page, { seed: 3 });
  await expect(page.locator('#other')).toBeHidden();
  await expect(choice(page)).toBeHidden();
  await page.locator('#cancel').click();
  await expect(page.locator('body')).toHaveAttribute('data-phase', 'done');
  await expect(page.locator('#other')).toBeVisible();
  await expect(page.locator('#tag-before')).toHaveText('4 steps, seed 0');

  await page.evaluate(() => Object.assign((globalThis as unknown as { fake: object }).fake, { pace: 1 }));
  await again(page, { steps: 4, seed: 0 });
  expect(await options(page)).toEqual(['Original, enlarged', 'compact · 4 steps, seed 2', 'compact · 4 steps, seed 1']);
  await expect(choice(page)).toHaveValue('Original, enlarged');

  await page.locator('#model').selectOption('nano');
  await again(page, { steps: 4, seed: 0 });
  await choice(page).selectOption('compact · 4 steps, seed 0');
  await expect(page.locator('#tag-before'), 'models are named where they differ').toHaveText('compact · 4 steps, seed 0');
  await expect(page.locator('#tag-after')).toHaveText('nano · 4 steps, seed 0');

  await upscale(page, { file: fixture('cup-16x16.png') });
  await expect(choice(page)).toBeHidden();
});

test('a failed run leaves both answers', async ({ page, server }) => {
  await open(page, server);
  await upscale(page, { file: fixture('cup-40x32.png'), steps: 1, seed: 0 });
  await again(page, { steps: 1, seed: 1 });
  await choice(page).selectOption({ index: 1 });
  await page.evaluate(() => Object.assign((globalThis as unknown as { fake: object }).fake, { upscaleError: 'gpu' }));
  await begin(page, { seed: 2 });
  expect(await errorCode(page)).toBe('gpu');
  await expect(page.locator('#other')).toBeVisible();
  await page.locator('#retry').click();
  await finished(page);
  expect(await options(page)).toEqual(['Original, enlarged', 'compact · 1 step, seed 1', 'compact · 1 step, seed 0']);
});

for (const [locale, label] of [
  ['en-GB', 'Compare with'],
  ['es-MX', 'Comparar con'],
  ['ja-JP', '比較する画像'],
  ['vi-VN', 'So sánh với'],
  ['zh-CN', '对比对象'],
] as const) {
  test.describe(locale, () => {
    test.use({ locale, viewport: { width: 320, height: 640 } });

    test('fits a phone in its own words', async ({ page, server }) => {
      await open(page, server);
      await upscale(page, { file: SAMPLE_PHOTO, steps: 4, seed: 0 });
      await page.locator('input[name=steps][value="1"]').check();
      await page.locator('#upscale').click();
      await finished(page);
      await page.getByLabel(label).selectOption({ index: 1 });
      await expect(page.locator('#other')).toBeVisible();
      const seen = await page.evaluate(() => {
        const [before, after] = ['tag-before', 'tag-after'].map((id) => document.getElementById(id)!.getBoundingClientRect());
        return { wide: document.documentElement.scrollWidth - document.documentElement.clientWidth, apart: before!.right <= after!.left };
      });
      expect(seen).toEqual({ wide: 0, apart: true });
      for (const tag of ['#tag-before', '#tag-after'])
        await expect(page.locator(tag), 'with the line in the middle').not.toHaveClass(/faded/);
    });
  });
}
