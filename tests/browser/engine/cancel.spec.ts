/** Cancelling, on the CPU path and during the download. */
import { begin, expect, fixture, open, test, upscale } from '../support/fixtures.ts';
import { SAMPLE_PHOTO } from '../support/folders.ts';

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

// An emulated GPU takes as long for the small picture as the CPU for the large one.
for (const [device, file] of [
  ['cpu', SAMPLE_PHOTO],
  ['webgpu', fixture('cup-40x32.png')],
] as const) {
  test(`cancelling on ${device === 'cpu' ? 'the CPU' : 'a GPU'} is answered within a second, and the next run is a whole one`, async ({
    page,
    server,
  }) => {
    await open(page, server);
    // A first run compiles; the second one is soon in the middle of its chain.
    await upscale(page, { file: fixture('cup-16x16.png'), steps: 1, device });
    await begin(page, { file, steps: 15 });
    await expect(page.locator('#run-text')).toContainText('Step', { timeout: 60_000 });
    // Within the page: the test's own way to it takes time on a busy machine.
    const taken = await page.evaluate(async () => {
      const begun = performance.now();
      const over = new Promise<void>((resolve) => {
        new MutationObserver(() => document.body.dataset['phase'] !== 'working' && resolve()).observe(document.body, { attributes: true });
      });
      document.getElementById('cancel')!.click();
      await over;
      return performance.now() - begun;
    });
    expect(taken).toBeLessThan(1000);
    console.log(`cancelled on ${device} after ${taken.toFixed(0)} ms`);
    await upscale(page, { file: fixture('cup-16x16.png'), steps: 1 });
    await expect(page.locator('#outcome')).toContainText('64 × 64 pixels');
  });
}

test('cancel during the download, then upscale', async ({ page, server }) => {
  server.break(/\.safetensors$/, 'stall');
  await open(page, server);
  await begin(page, { file: fixture('cup-16x16.png'), steps: 1 });
  await expect(page.locator('#load-text')).toContainText(/Weights: .* of 8\.2 MB/, { timeout: 60_000 });
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
