/** A new version of the page is taken when a person agrees, not before, and never under a running picture. */
import type { Page } from '@playwright/test';
import { begin, expect, finished, fixture, open, test, upscale } from '../support/fixtures.ts';
import type { TestServer } from '../support/server.ts';

test.use({ engine: 'fake' });

/** Opens the page as the service worker keeps it. */
async function kept(page: Page, server: TestServer): Promise<void> {
  await open(page, server);
  await page.evaluate(async () => {
    await navigator.serviceWorker.ready;
  });
  await page.reload();
  await expect(page.locator('body')).toHaveAttribute('data-phase', 'ready');
}

/** The next version: another `main.js`, under another revision in the list of files. */
function release(server: TestServer): void {
  server.prepend(/main\.js$/, 'globalThis.version = "N";');
  server.rewrite(/sw\.js$/, (script) => script.replace(/(url:"main\.js",revision:)"\w+"/, '$1"N"'));
}

const look = (page: Page) =>
  page.evaluate(async () => {
    await (await navigator.serviceWorker.ready).update().catch(() => {});
  });
const version = (page: Page) => page.evaluate(() => (globalThis as { version?: string }).version ?? 'N-1');
const strip = (page: Page) => page.locator('.strip[data-key=update]');

test('offers the new version, and changes to it on consent', async ({ page, server }) => {
  await kept(page, server);
  await expect(page.locator('.strip')).toHaveCount(0);
  release(server);
  await look(page);
  await expect(strip(page)).toContainText('A new version of this page is ready.');
  expect(await page.evaluate(async () => (await navigator.serviceWorker.ready).waiting !== null)).toBe(true);
  await page.reload();
  expect(await version(page), 'without consent nothing changes').toBe('N-1');

  const reloaded = page.waitForEvent('load');
  await page.getByRole('button', { name: 'Update now' }).click();
  await reloaded;
  await expect(page.locator('body')).toHaveAttribute('data-phase', 'ready');
  expect(await page.evaluate(async () => (await navigator.serviceWorker.ready).waiting)).toBeNull();
  expect(await version(page)).toBe('N');
});

test('with two tabs open: no update while one of them is upscaling; the other one keeps working, and says so', async ({
  page,
  context,
  server,
}) => {
  await page.addInitScript(() => Object.assign(globalThis, { fake: { pace: 100 } }));
  await kept(page, server);
  const other = await context.newPage();
  await open(other, server);
  await begin(page, { file: fixture('cup-40x32.png'), steps: 15 });
  release(server);
  await look(other);
  await other.getByRole('button', { name: 'Update now' }).click();
  await expect(strip(other)).toContainText('A picture is still being upscaled.');
  await expect(page.locator('body')).toHaveAttribute('data-phase', 'working');
  await finished(page);
  expect(await version(other)).toBe('N-1');

  const reloaded = other.waitForEvent('load');
  await other.getByRole('button', { name: 'Update now' }).click();
  await reloaded;
  expect(await version(other)).toBe('N');
  await expect(strip(page)).toContainText('updated in another tab');
  await expect(page.locator('#result')).toBeVisible();
  await upscale(page, { steps: 1 });
  expect(await version(page)).toBe('N-1');
  await page.getByRole('button', { name: 'Reload' }).click();
  await expect.poll(() => version(page)).toBe('N');
});

test('a partly downloaded new version is ignored: the old one keeps working, offline too, and the next attempt succeeds', async ({
  page,
  context,
  server,
  tolerate,
}) => {
  tolerate(/Failed to load resource|ERR_INTERNET_DISCONNECTED|bad-precaching-response/);
  await kept(page, server);
  release(server);
  server.break(/main\.js/, 'missing');
  await look(page);
  await expect.poll(() => server.asked(/main\.js/).length).toBeGreaterThan(1);
  await expect
    .poll(() =>
      page.evaluate(async () => {
        const { installing, waiting } = await navigator.serviceWorker.ready;
        return installing === null && waiting === null;
      }),
    )
    .toBe(true);
  await expect(strip(page)).toHaveCount(0);
  await context.setOffline(true);
  await page.reload();
  await expect(page.locator('body')).toHaveAttribute('data-phase', 'ready');
  expect(await version(page)).toBe('N-1');
  await upscale(page, { steps: 1 });

  await context.setOffline(false);
  server.mend();
  await look(page);
  await expect(strip(page)).toContainText('A new version of this page is ready.');
});

test('keeps the page for offline use, and no weights', async ({ page, server }) => {
  await open(page, server);
  await page.evaluate(async () => {
    await navigator.serviceWorker.ready;
  });
  const kept = await page.evaluate(async () => {
    const urls: string[] = [];
    for (const name of await caches.keys())
      for (const request of await (await caches.open(name)).keys()) urls.push(new URL(request.url).pathname);
    return urls;
  });
  for (const path of ['/index.html', '/main.js', '/style.css', '/resshift/index.js', '/samples/coffee.png']) expect(kept).toContain(path);
  expect(kept.filter((path) => path.includes('models'))).toEqual([]);
});
