/** Cancelling, on the CPU path and during the download. */
import { begin, expect, fixture, open, test, upscale } from './fixtures.ts';
import { SAMPLE_PHOTO } from './folders.ts';

test('cancel in the middle of a run, then upscale again', async ({ page, server }) => {
  await open(page, server);
  await begin(page, { file: SAMPLE_PHOTO, steps: 15 });
  await expect(page.locator('#run-text')).toContainText('Step', { timeout: 60_000 });
  await page.getByRole('button', { name: 'Cancel' }).click();
  await expect(page.locator('body')).toHaveAttribute('data-phase', 'ready', { timeout: 20_000 });
  await expect(page.locator('#error-card')).toBeHidden();
  await expect(page.locator('#announcer')).toContainText('Cancelled');
  await expect(page.getByRole('button', { name: 'Upscale', exact: true })).toBeFocused();
  await expect(page.locator('#name')).toHaveText('colosseum.jpg');

  await upscale(page, { file: fixture('cup-16x16.png'), steps: 1 });
  await expect(page.locator('#outcome')).toContainText('64 × 64 pixels');
});

test('cancel during the download, then upscale', async ({ page, server }) => {
  server.break(/\.safetensors$/, 'stall');
  await open(page, server);
  await begin(page, { file: fixture('cup-16x16.png'), steps: 1 });
  await expect(page.locator('#load-text')).toContainText(/Weights: .* of 2\.7 MB/, { timeout: 60_000 });
  await page.getByRole('button', { name: 'Cancel' }).click();
  await expect(page.locator('body')).toHaveAttribute('data-phase', 'ready');
  server.mend();
  await upscale(page);
});

test('a cancelled run keeps the result before it', async ({ page, server }) => {
  await open(page, server);
  await upscale(page, { file: fixture('cup-40x32.png'), steps: 1 });
  await begin(page, { steps: 15 });
  await page.getByRole('button', { name: 'Cancel' }).click();
  await expect(page.locator('body')).toHaveAttribute('data-phase', 'done', { timeout: 20_000 });
  await expect(page.getByRole('link', { name: 'Save PNG' })).toBeVisible();
  await expect(page.locator('#result')).toBeVisible();
});
