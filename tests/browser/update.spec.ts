/** A new version of the page is taken when a person agrees, not before. */
import { expect, open, test } from './fixtures.ts';

test.use({ engine: 'fake' });

test('offers the new version, and changes to it on consent', async ({ page, server }) => {
  await open(page, server);
  await page.evaluate(async () => { await navigator.serviceWorker.ready; });
  await page.reload();
  await expect(page.locator('body')).toHaveAttribute('data-phase', 'ready');
  await expect(page.locator('.strip')).toHaveCount(0);

  server.prepend(/sw\.js$/, '// another version');
  await page.evaluate(async () => { await (await navigator.serviceWorker.ready).update(); });
  await expect(page.locator('.strip')).toContainText('A new version of this page is ready.');
  expect(await page.evaluate(async () => (await navigator.serviceWorker.ready).waiting !== null)).toBe(true);

  const reloaded = page.waitForEvent('load');
  await page.getByRole('button', { name: 'Update now' }).click();
  await reloaded;
  await expect(page.locator('body')).toHaveAttribute('data-phase', 'ready');
  expect(await page.evaluate(async () => (await navigator.serviceWorker.ready).waiting)).toBeNull();
});

test('keeps the page for offline use, and no weights', async ({ page, server }) => {
  await open(page, server);
  await page.evaluate(async () => { await navigator.serviceWorker.ready; });
  const kept = await page.evaluate(async () => {
    const urls: string[] = [];
    for (const name of await caches.keys()) for (const request of await (await caches.open(name)).keys()) urls.push(new URL(request.url).pathname);
    return urls;
  });
  for (const path of ['/index.html', '/main.js', '/style.css', '/resshift/index.js', '/samples/coffee.png']) expect(kept).toContain(path);
  expect(kept.filter((path) => path.includes('models'))).toEqual([]);
});
