/** A browser that stores nothing: runs continue, with a warning. */
import { expect, fixture, open, test, upscale } from '../support/fixtures.ts';
import { cutModel } from '../support/model-folder.ts';
import { count } from '../support/stored.ts';

test('storage blocked', async ({ page, server }) => {
  const blocked = "Object.defineProperty(globalThis, 'indexedDB', { get() { throw new DOMException('denied', 'SecurityError'); } });";
  server.prepend(/worker\.js$/, blocked);
  await page.addInitScript(blocked);
  await open(page, server);
  await upscale(page, { file: fixture('cup-16x16.png'), steps: 1 });
  await expect(page.locator('.strip[data-key=warning-storage]')).toContainText('could not be kept for the next visit');
});

test('storage that is known to be too small is not begun', async ({ page, server }) => {
  await open(page, server);
  const session = await page.context().newCDPSession(page);
  await session.send('Storage.overrideQuotaForOrigin', { origin: server.origin, quotaSize: 200_000 });
  await upscale(page, { file: fixture('cup-16x16.png'), steps: 1 });
  await expect(page.locator('.strip[data-key=warning-storage]')).toContainText('could not be kept for the next visit');
  await expect(page.locator('.strip[data-key=warning-storage]')).toContainText('Free some disk space');

  await page.locator('.strip[data-key=warning-storage]').getByRole('button', { name: 'Dismiss' }).click();
  await upscale(page, { steps: 1, seed: 2 });
  await expect(page.locator('.strip[data-key=warning-storage]'), 'said once').toHaveCount(0);
});

test('storage that fills up in the middle: the run continues, and the stored part is deleted', async ({ page, server }) => {
  const { shards } = cutModel();
  server.add(cutModel().files);
  server.prepend(
    /worker\.js$/,
    `{
    const { put } = IDBObjectStore.prototype;
    let room = 3;
    IDBObjectStore.prototype.put = function (value, key) {
      if (this.name === 'shards' && room-- <= 0) throw new DOMException('full', 'QuotaExceededError');
      return put.call(this, value, key);
    };
  }`,
  );
  await open(page, server);
  await upscale(page, { file: fixture('cup-16x16.png'), steps: 1 });
  await expect(page.locator('.strip[data-key=warning-storage]')).toContainText(
    'could not be kept for the next visit: there is no space left for this site.',
  );
  expect(server.asked(/\.safetensors$/), 'nothing is fetched twice').toHaveLength(shards.length);
  expect(await count(page, 'shards')).toBe(0);
});
