/** Storage that never answers, as in browsers after an update or a crash: everything runs in memory, with a warning. */
import type { Page } from '@playwright/test';
import { expect, fixture, open, test, upscale } from '../support/fixtures.ts';
import { count } from '../support/stored.ts';

/** What hangs, each as a script for page or worker. */
const SILENT = {
  open: 'IDBFactory.prototype.open = () => ({});',
  read: 'IDBObjectStore.prototype.get = () => ({});',
  write: 'Object.defineProperty(IDBTransaction.prototype, "oncomplete", { set() {} });',
  locks: 'if ("LockManager" in globalThis) LockManager.prototype.request = () => new Promise(() => {});',
  room: 'if ("StorageManager" in globalThis) StorageManager.prototype.estimate = StorageManager.prototype.persisted = () => new Promise(() => {});',
  caches:
    'if ("CacheStorage" in globalThis) for (const name of ["open", "keys", "match", "delete"]) CacheStorage.prototype[name] = () => new Promise(() => {});',
};
const WARNING = "could not be kept for the next visit: the browser's storage does not answer";
const warning = (page: Page) => page.locator('.strip[data-key=warning-storage]');

test.use({ serviceWorkers: 'block' });

test('IndexedDB that does not open in the page alone: the page comes up, runs, and says that it keeps no batch', async ({
  page,
  server,
}) => {
  await page.addInitScript(SILENT.open);
  await open(page, server);
  await expect(page.locator('.strip[data-key=kept]')).toContainText('cannot keep the batch');
  await expect(page.locator('#runs-on'), 'capabilities are found').not.toBeEmpty();
  await upscale(page, { file: fixture('cup-16x16.png'), steps: 1 });
  await expect(warning(page), 'the worker keeps the model').toHaveCount(0);
});

for (const what of ['open', 'read', 'write'] as const) {
  test(`IndexedDB that does not answer (${what}) in the worker alone: the run continues, with a warning`, async ({ page, server }) => {
    server.prepend(/worker\.js$/, SILENT[what]);
    await open(page, server);
    await upscale(page, { file: fixture('cup-16x16.png'), steps: 1 });
    await expect(warning(page)).toContainText(WARNING);
    await expect(warning(page)).toContainText('restart the browser');
    expect(server.asked(/\.safetensors$/), 'the model is fetched once').toHaveLength(1);
  });
}

test('nothing of the storage answers, in page and worker: create and capabilities settle', async ({ page, server }) => {
  const all = Object.values(SILENT).join('\n');
  server.prepend(/worker\.js$/, all);
  await page.addInitScript(all);
  await open(page, server);
  const found = await page.evaluate(async () => {
    const { Upscaler, listModels } = (await import(new URL('resshift/index.js', location.href).href)) as typeof import('resshift-web');
    const [{ cache }, models, upscaler] = await Promise.all([Upscaler.capabilities(), listModels(), Upscaler.create({ device: 'cpu' })]);
    const { width } = await upscaler.upscale(new ImageData(4, 4), { steps: 1 });
    const codes = upscaler.warnings.map(({ code }) => code);
    upscaler.dispose();
    return { cache, models, width, codes };
  });
  expect(found).toEqual({ cache: false, models: [], width: 16, codes: ['storage'] });
  await page.locator('#models summary').click();
  await upscale(page, { file: fixture('cup-16x16.png'), steps: 1 });
  await expect(warning(page)).toContainText(WARNING);
});

test('locks that do not answer, and a lock that another tab never gives back, are not waited for', async ({ page, server }) => {
  await open(page, server);
  await page.evaluate(() => void navigator.locks.request('resshift compact', () => new Promise(() => {})));
  await upscale(page, { file: fixture('cup-16x16.png'), steps: 1 });
  await expect(warning(page)).toHaveCount(0);
  expect(await count(page, 'models'), 'the model is kept all the same').toBe(1);

  server.prepend(/worker\.js$/, SILENT.locks);
  const codes = await page.evaluate(async () => {
    const { Upscaler, deleteAllModels } = (await import(new URL('resshift/index.js', location.href).href)) as typeof import('resshift-web');
    await deleteAllModels();
    const upscaler = await Upscaler.create({ device: 'cpu' });
    upscaler.dispose();
    return upscaler.warnings.map(({ code }) => code);
  });
  expect(codes).toEqual([]);
});

test('preload rejects if storage does not answer: the model could not be kept', async ({ page, server }) => {
  server.prepend(/worker\.js$/, SILENT.open);
  await open(page, server);
  const outcome = await page.evaluate(async () => {
    const { Upscaler } = (await import(new URL('resshift/index.js', location.href).href)) as typeof import('resshift-web');
    return Upscaler.preload().then(
      () => 'kept',
      ({ code, advice }: { code: string; advice: string }) => `${code}: ${advice}`,
    );
  });
  expect(outcome).toMatch(/^storage: Close this site's other tabs/);
});
