/** A browser that keeps nothing: the work goes on, with a warning. */
import { expect, fixture, open, test, upscale } from './fixtures.ts';

test('storage blocked', async ({ page, server }) => {
  const blocked = "Object.defineProperty(globalThis, 'indexedDB', { get() { throw new DOMException('denied', 'SecurityError'); } });";
  server.prepend(/worker\.js$/, blocked);
  await page.addInitScript(blocked);
  await open(page, server);
  await upscale(page, { file: fixture('cup-16x16.png'), steps: 1 });
  await expect(page.locator('.strip')).toContainText('could not be kept for the next visit');
});

test('storage full', async ({ page, server }) => {
  await open(page, server);
  const session = await page.context().newCDPSession(page);
  await session.send('Storage.overrideQuotaForOrigin', { origin: server.origin, quotaSize: 200_000 });
  await upscale(page, { file: fixture('cup-16x16.png'), steps: 1 });
  await expect(page.locator('.strip')).toContainText('could not be kept for the next visit');
  await expect(page.locator('.strip')).toContainText('Free some disk space');

  await page.getByRole('button', { name: 'Dismiss' }).click();
  await upscale(page, { steps: 1, seed: 2 });
  await expect(page.locator('.strip'), 'said once').toHaveCount(0);
});
