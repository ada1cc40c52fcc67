/** The part of the store that writes and reads weights, shard by shard. */

import { ALL, settled, Store, sweep, type Entry, type Pending, type Shard } from '../shared/store.ts';
import { within } from '../shared/time-limit.ts';

export class ShardStore extends Store {
  entry(name: string): Promise<Entry | undefined> {
    return this.read<Entry | undefined>('models', (models) => models.get(name));
  }

  /** Those of `shards` that are not stored. */
  async missing(shards: readonly Shard[]): Promise<Shard[]> {
    const kept = new Set(await this.read('shards', (store) => store.getAllKeys()));
    return shards.filter(({ sha256 }) => !kept.has(sha256));
  }

  /** The stored bytes. The caller must check them. */
  async shard({ sha256, bytes: size }: Shard): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const bytes = await this.read<unknown>('shards', (store) => store.get(sha256), size);
    return bytes instanceof Uint8Array ? (bytes as Uint8Array<ArrayBuffer>) : undefined;
  }

  /** Stores a shard of the incomplete model `name`. It is on the disk once this has returned. */
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

  /** Names of imports that have not ended. */
  async unfinishedImports(): Promise<string[]> {
    const pending = await this.read<Pending[]>('pending', (store) => store.getAll());
    return pending.filter(({ imported }) => imported).map(({ name }) => name);
  }

  /** Deletes a damaged shard. */
  drop(sha256: string): Promise<void> {
    return this.change(['shards'], async (transaction) => void transaction.objectStore('shards').delete(sha256));
  }

  /**
   * Makes a complete model available. It replaces an older one of the same name.
   * @returns false, without any change, if a shard was deleted in the meantime
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

/** Whether the browser has space for this many more bytes; true if it does not say. */
export async function hasSpace(bytes: number): Promise<boolean> {
  const estimate = navigator.storage?.estimate?.();
  const { quota = Infinity, usage = 0 } = (estimate && (await within(estimate).catch(() => undefined))) ?? {};
  return bytes <= quota - usage;
}
