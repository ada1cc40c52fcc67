/** The benchmark page. */
import { expect, test } from '../support/fixtures.ts';

test('measures the CPU and gives its report as JSON', async ({ page, server }) => {
  test.setTimeout(120_000);
  await page.addInitScript(() => Object.defineProperty(navigator, 'gpu', { value: undefined }));
  await page.goto(`${server.url}bench/`);
  await page.getByRole('button', { name: 'Measure', exact: true }).click();
  await expect(page.locator('#status')).toHaveText('Done.', { timeout: 110_000 });
  await expect(page.locator('#rows tr')).toHaveCount(1);
  await expect(page.locator('#rows')).toContainText('CPU, one thread');
  await expect(page.locator('#rows')).toContainText(/\d+ × \d+$/);
  const report = JSON.parse(await page.locator('#json').inputValue());
  // Counted by hand from the default network.
  expect(report).toMatchObject({ adapter: null, failures: [], multiplications: 2_937_323_520 });
  expect(report.rows[0].gflops).toBeCloseTo((2 * report.multiplications) / report.rows[0].milliseconds.min / 1e6, 1);
});

test('measures every kernel of a GPU beside its own peaks', async ({ page, server }) => {
  test.setTimeout(180_000);
  await page.goto(`${server.url}bench/`);
  await page.getByRole('button', { name: 'Measure every kernel' }).click();
  await expect(page.locator('#status')).toHaveText('Done.', { timeout: 170_000 });
  await expect(page.locator('#adapter')).toContainText(/SwiftShader.*: at most [\d.]+ GFLOP\/s/i);
  const { peaks, kernels, adapter } = JSON.parse(await page.locator('#json').inputValue());
  expect(adapter.limits.maxBufferSize).toBeGreaterThan(0);
  expect(peaks.copy_gb_s).toBeGreaterThan(0);
  // On an emulated GPU the layers that are quick there, and the compact network.
  const names = kernels.map(({ name }: { name: string }) => name);
  expect(names).toContain('conv3x3 96->96 @32x32, registers');
  expect(names).toContain('compact step, registers');
  await expect(page.locator('#kernel-rows tr')).toHaveCount(names.length);
  for (const { gflops, ms_min, ms, of_peak } of kernels) {
    expect(ms).toBeGreaterThanOrEqual(ms_min);
    // All three are rounded to four digits.
    expect(Math.abs((of_peak * peaks.peak_gflops) / gflops - 1)).toBeLessThan(2e-3);
  }
});

test('has no kernels to measure without a GPU', async ({ page, server }) => {
  await page.addInitScript(() => Object.defineProperty(navigator, 'gpu', { value: undefined }));
  await page.goto(`${server.url}bench/`);
  await page.getByRole('button', { name: 'Measure every kernel' }).click();
  await expect(page.locator('#status')).toHaveText('This browser offers no GPU to measure.');
});

test('is linked from the page', async ({ page, server }) => {
  await page.goto(server.url);
  await page.getByRole('link', { name: 'How fast is this device?' }).click();
  await expect(page).toHaveTitle('ResShift: how fast is this device?');
});
