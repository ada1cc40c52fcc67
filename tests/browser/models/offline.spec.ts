/** After one visit everything works without a network, also in a folder of a site. */
import { begin, errorCode, expect, fixture, open, test, upscale } from '../support/fixtures.ts';
import type { Page } from '@playwright/test';

test.use({ prefix: '/some/folder/' });

async function shellIsKept(page: Page): Promise<void> {
  await page.evaluate(async () => {
    await navigator.serviceWorker.ready;
  });
}

test('a second visit upscales with the network off and the server gone', async ({ page, context, server }) => {
  await open(page, server);
  await upscale(page, { file: fixture('cup-16x16.png'), steps: 1 });
  await shellIsKept(page);

  await context.setOffline(true);
  await server.stop();
  server.log.length = 0;
  await page.reload();
  await expect(page.locator('body')).toHaveAttribute('data-phase', 'ready');
  await upscale(page, { file: fixture('cup-40x32.png'), steps: 1 });
  await expect(page.locator('#outcome')).toContainText('160 × 128 pixels');
  expect(server.log).toEqual([]);
});

test('the switch brings all that is needed: the first picture ever is upscaled without a network', async ({ page, context, server }) => {
  await open(page, server);
  await shellIsKept(page);
  await page.getByText('Models on this device').click();
  const toggle = page.getByRole('switch', { name: 'Available offline' });
  await toggle.click();
  await expect(page.locator('.model-name')).toHaveText(['compact'], { timeout: 60_000 });
  await expect(toggle).toBeChecked();
  await expect(page.locator('#offline-about')).toContainText('this model (8.2 MB)');

  await context.setOffline(true);
  await server.stop();
  await page.reload();
  await upscale(page, { file: fixture('cup-16x16.png'), steps: 1 });
  await expect(page.locator('#outcome')).toContainText('64 × 64 pixels');
});

test('a second visit online asks for no weights', async ({ page, server }) => {
  await open(page, server);
  await upscale(page, { file: fixture('cup-16x16.png'), steps: 1 });
  server.log.length = 0;
  await page.reload();
  await expect(page.locator('body')).toHaveAttribute('data-phase', 'ready');
  await upscale(page, { file: fixture('cup-16x16.png'), steps: 1 });
  expect(server.asked(/\.safetensors$/)).toEqual([]);
});

test('offline before the model was downloaded: says so, keeps the picture, continues when the network is back', async ({
  page,
  context,
  server,
  tolerate,
}) => {
  tolerate(/ERR_INTERNET_DISCONNECTED|Failed to load resource/);
  await open(page, server);
  await shellIsKept(page);
  await context.setOffline(true);
  await page.reload();
  await begin(page, { file: fixture('cup-16x16.png'), steps: 1 });
  expect(await errorCode(page)).toBe('offline');
  await expect(page.locator('#name')).toHaveText('cup-16x16.png');

  await context.setOffline(false);
  await page.getByRole('button', { name: 'Try again' }).click();
  await expect(page.locator('body')).toHaveAttribute('data-phase', 'done', { timeout: 60_000 });
});
