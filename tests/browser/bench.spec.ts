/** The page that measures. */
import { expect, test } from './fixtures.ts';

test('measures the CPU and gives its report as JSON', async ({ page, server }) => {
  test.setTimeout(120_000);
  await page.addInitScript(() => Object.defineProperty(navigator, 'gpu', { value: undefined }));
  await page.goto(`${server.url}bench/`);
  await page.getByRole('button', { name: 'Measure' }).click();
  await expect(page.locator('#status')).toHaveText('Done.', { timeout: 110_000 });
  await expect(page.locator('#rows tr')).toHaveCount(1);
  await expect(page.locator('#rows')).toContainText('CPU, one thread');
  const report = JSON.parse(await page.locator('#json').inputValue());
  // Counted by hand from the default network.
  expect(report).toMatchObject({ adapter: null, failures: [], multiplications: 1_378_418_688 });
  expect(report.rows[0].gflops).toBeCloseTo((2 * report.multiplications) / report.rows[0].milliseconds.min / 1e6, 1);
});

test('is linked from the page', async ({ page, server }) => {
  await page.goto(server.url);
  await page.getByRole('link', { name: 'How fast is this device?' }).click();
  await expect(page).toHaveTitle('ResShift: how fast is this device?');
});
