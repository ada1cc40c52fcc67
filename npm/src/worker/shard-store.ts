/** The store as models come and are loaded, shard by shard. */

import { ALL, settled, Store, sweep, type Entry, type Pending, type Shard } from '../shared/store.ts';
import { within } from '../shared/time-limit.ts';

export class ShardStore extends Store {
  entry(name: string): Promise<Entry | undefined> {
    return this.read<Entry | undefined>('models', (models) => models.get(name));
  }

  /** Those of `shards` that are not here. */
  async missing(shards: readonly Shard[]): Promise<Shard[]> {
    const kept = new Set(await this.read('shards', (store) => store.getAllKeys()));
    return shards.filter(({ sha256 }) => !kept.has(sha256));
  }

  /** Bytes as they were stored: whoever asks checks them. */
  async shard({ sha256, bytes: size }: Shard): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const bytes = await this.read<unknown>('shards', (store) => store.get(sha256), size);
    return bytes instanceof Uint8Array ? (bytes as Uint8Array<ArrayBuffer>) : undefined;
  }

  /** Keeps a shard of the model `name`, which is on its way; it is on the disk once this has returned. */
  add(name: string, sha256: string, bytes: Uint8Array<ArrayBuffer>, imported = false): Promise<void> {
    return this.change(
      ['shards', 'pending'],
      async (transaction) => {
        transaction.objectStore('shards').put(bytes, sha256);
        const pending = transaction.objectStore('pending');
        const before = await settled<Pending | undefined>(pending.get(name));
        pending.put({ name, shards: [...(before?.shards ?? []), sha256], imported } satisfies Pending);
      },
      bytes.length,
    );
  }

  /** Names of imports that have begun and not ended. */
  async unfinishedImports(): Promise<string[]> {
    const pending = await this.read<Pending[]>('pending', (store) => store.getAll());
    return pending.filter(({ imported }) => imported).map(({ name }) => name);
  }

  /** Takes a shard away that turned out to be damaged. */
  drop(sha256: string): Promise<void> {
    return this.change(['shards'], async (transaction) => void transaction.objectStore('shards').delete(sha256));
  }

  /**
   * The model is complete: from now on it is there, in the place of an older one of its name.
   * @returns false, and nothing has changed, if a shard has gone meanwhile
   */
  commit(entry: Entry): Promise<boolean> {
    return this.change(ALL, async (transaction) => {
      const kept = new Set(await settled(transaction.objectStore('shards').getAllKeys()));
      if (!entry.shards.every(({ sha256 }) => kept.has(sha256))) return false;
      transaction.objectStore('models').put(entry);
      transaction.objectStore('pending').delete(entry.name);
      await sweep(transaction);
      return true;
    });
  }
}

/** Whether the browser has space for so many bytes more; yes if it does not tell. */
export async function hasSpace(bytes: number): Promise<boolean> {
  const estimate = navigator.storage?.estimate?.();
  const { quota = Infinity, usage = 0 } = (estimate && (await within(estimate).catch(() => undefined))) ?? {};
  return bytes <= quota - usage;
}
