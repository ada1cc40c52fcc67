/** What the page has in IndexedDB, read and spoilt behind its back. */
import type { Page } from '@playwright/test';

type Name = 'shards' | 'models' | 'pending';

export function keys(page: Page, store: Name): Promise<string[]> {
  return page.evaluate(async (store) => {
    // Opening would make an empty one.
    if (!(await indexedDB.databases()).some(({ name }) => name === 'resshift')) return [];
    const database = await new Promise<IDBDatabase>((resolve, reject) => {
      const request = indexedDB.open('resshift');
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });
    const found = await new Promise<IDBValidKey[]>((resolve) => {
      const request = database.transaction(store).objectStore(store).getAllKeys();
      request.onsuccess = () => resolve(request.result);
    });
    database.close();
    return found.map(String);
  }, store);
}

export async function count(page: Page, store: Name): Promise<number> {
  return (await keys(page, store)).length;
}

/** Changes a byte in the first `max` shards; returns in how many. */
export function spoil(page: Page, store: 'shards', max = Infinity): Promise<number> {
  return page.evaluate(
    async ({ store, max }) => {
      const settled = <T>(request: IDBRequest<T>) =>
        new Promise<T>((resolve, reject) => {
          request.onsuccess = () => resolve(request.result);
          request.onerror = () => reject(request.error);
        });
      const database = await settled(indexedDB.open('resshift'));
      const shards = database.transaction(store, 'readwrite').objectStore(store);
      let count = 0;
      for (const key of await settled(shards.getAllKeys())) {
        if (count >= max) break;
        const value = await settled<Uint8Array>(shards.get(key));
        value[value.length >> 1]! ^= 0x55;
        await settled(shards.put(value, key));
        count++;
      }
      database.close();
      return count;
    },
    { store, max },
  );
}
