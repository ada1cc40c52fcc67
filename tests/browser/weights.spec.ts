/** Weights that do not arrive as they should, and a cache that went bad. */
import { begin, errorCode, expect, finished, fixture, open, test, upscale } from './fixtures.ts';
import type { Fault } from './server.ts';

const WEIGHTS = /\.safetensors$/;
const cases: { what: string; path: RegExp; fault: Fault; code: RegExp }[] = [
  { what: 'one wrong byte', path: WEIGHTS, fault: 'corrupt', code: /^hash-mismatch$/ },
  { what: 'too short', path: WEIGHTS, fault: 'truncate', code: /^(bad-weights|hash-mismatch)$/ },
  { what: 'a connection that breaks', path: WEIGHTS, fault: 'cut', code: /^offline$/ },
  { what: 'missing weights', path: WEIGHTS, fault: 'missing', code: /^http$/ },
  { what: 'a missing model description', path: /model\.json$/, fault: 'missing', code: /^http$/ },
  { what: 'a missing engine', path: /\.wasm$/, fault: 'missing', code: /^http$/ },
];

for (const { what, path, fault, code } of cases) {
  test(`${what}: an error that says so, and another try that works`, async ({ page, server, tolerate }) => {
    tolerate(/Failed to load resource/);
    server.break(path, fault);
    await open(page, server);
    await begin(page, { file: fixture('cup-16x16.png'), steps: 1 });
    expect(await errorCode(page)).toMatch(code);
    await expect(page.locator('#name')).toHaveText('cup-16x16.png');

    server.mend();
    await page.getByRole('button', { name: 'Try again' }).click();
    await finished(page);
  });
}

test('weights that went bad in the cache are fetched again', async ({ page, server }) => {
  await open(page, server);
  await upscale(page, { file: fixture('cup-16x16.png'), steps: 1 });
  const spoilt = await page.evaluate(async () => {
    const settle = <T>(request: IDBRequest<T>) => new Promise<T>((resolve, reject) => {
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });
    let count = 0;
    for (const { name } of await indexedDB.databases()) {
      const database = await settle(indexedDB.open(name!));
      for (const storeName of database.objectStoreNames) {
        const store = database.transaction(storeName, 'readwrite').objectStore(storeName);
        for (const key of await settle(store.getAllKeys())) {
          const value: unknown = await settle(store.get(key));
          if (!(value instanceof Uint8Array) || value.length < 1e6) continue;
          value[value.length >> 1]! ^= 0x55;
          await settle(store.put(value, key));
          count++;
        }
      }
      database.close();
    }
    return count;
  });
  expect(spoilt).toBeGreaterThan(0);

  server.log.length = 0;
  await page.reload();
  await expect(page.locator('body')).toHaveAttribute('data-phase', 'ready');
  await upscale(page, { file: fixture('cup-16x16.png'), steps: 1 });
  expect(server.asked(WEIGHTS)).toHaveLength(1);

  server.log.length = 0;
  await page.reload();
  await expect(page.locator('body')).toHaveAttribute('data-phase', 'ready');
  await upscale(page, { file: fixture('cup-16x16.png'), steps: 1 });
  expect(server.asked(WEIGHTS), 'the cache is whole again').toEqual([]);
});
