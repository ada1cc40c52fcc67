/**
 * Models kept on this device: IndexedDB. `shards` holds bytes by their SHA-256, `models` what is complete, `pending`
 * which shards a model has that is still on its way. A write is one transaction: all of it or nothing.
 */

import type { ModelInfo, StoredModel } from '../index.d.ts';
import { storage, storageSilent } from './error.ts';
import { ANSWER_MS, Silence, within } from './time-limit.ts';

const DATABASE = 'resshift';
const VERSION = 2;
const ALL = ['shards', 'models', 'pending'];
/** More time for bytes to be read or written: a disk that takes longer for a mebibyte is as good as none. */
const MS_PER_MIB = 1000;

/** A file of weights, as `model.json` names it. */
export interface Shard {
  name: string;
  bytes: number;
  /** 64 lower-case hexadecimal digits. */
  sha256: string;
}

/** A complete model. */
export interface Entry extends ModelInfo {
  /** `model.json`. */
  json: Uint8Array<ArrayBuffer>;
  shards: Shard[];
  /** Made here from files that a person chose: no server has it. */
  imported: boolean;
}

/** What callers see of an entry. */
export function stored({ name, version, steps, y0 = 0, bytes, licence, imported }: Entry): StoredModel {
  return { name, version, steps, y0, bytes, licence, imported };
}

interface Pending {
  name: string;
  /** SHA-256 of each. */
  shards: string[];
  /** It is made here, so that nobody can go on with it later. */
  imported: boolean;
}

export class Store {
  readonly #database: IDBDatabase;
  /** It did not answer once, and is not asked again. */
  #silent = false;

  private constructor(database: IDBDatabase) {
    this.#database = database;
    // Another tab has a newer version of this page: it must not wait for this one.
    database.onversionchange = () => database.close();
  }

  /** @throws UpscalerError `storage` where the browser has no IndexedDB, does not allow it, or does not answer */
  static open(): Promise<Store> {
    return asStorageError(async () => {
      const request = indexedDB.open(DATABASE, VERSION);
      request.onupgradeneeded = () => upgrade(request);
      const database = new Promise<IDBDatabase>((resolve, reject) => {
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error);
        request.onblocked = () => reject(new Error('another tab still works with an older version of this page'));
      });
      try {
        return new Store(await within(database));
      } catch (error) {
        request.onsuccess = () => request.result.close();
        throw error;
      }
    });
  }

  close(): void {
    this.#database.close();
  }

  entry(name: string): Promise<Entry | undefined> {
    return this.#read<Entry | undefined>('models', (models) => models.get(name));
  }

  /** Every complete model, by name. */
  entries(): Promise<Entry[]> {
    return this.#read<Entry[]>('models', (models) => models.getAll());
  }

  /** Those of `shards` that are not here. */
  async missing(shards: readonly Shard[]): Promise<Shard[]> {
    const kept = new Set(await this.#read('shards', (store) => store.getAllKeys()));
    return shards.filter(({ sha256 }) => !kept.has(sha256));
  }

  /** Bytes as they were stored: whoever asks checks them. */
  async shard({ sha256, bytes: size }: Shard): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const bytes = await this.#read<unknown>('shards', (store) => store.get(sha256), size);
    return bytes instanceof Uint8Array ? (bytes as Uint8Array<ArrayBuffer>) : undefined;
  }

  /** Keeps a shard of the model `name`, which is on its way; it is on the disk once this has returned. */
  add(name: string, sha256: string, bytes: Uint8Array<ArrayBuffer>, imported = false): Promise<void> {
    return this.#change(['shards', 'pending'], async (transaction) => {
      transaction.objectStore('shards').put(bytes, sha256);
      const pending = transaction.objectStore('pending');
      const before = await settled<Pending | undefined>(pending.get(name));
      pending.put({ name, shards: [...(before?.shards ?? []), sha256], imported } satisfies Pending);
    }, bytes.length);
  }

  /** Names of imports that have begun and not ended. */
  async unfinishedImports(): Promise<string[]> {
    const pending = await this.#read<Pending[]>('pending', (store) => store.getAll());
    return pending.filter(({ imported }) => imported).map(({ name }) => name);
  }

  /** Takes a shard away that turned out to be damaged. */
  drop(sha256: string): Promise<void> {
    return this.#change(['shards'], async (transaction) => void transaction.objectStore('shards').delete(sha256));
  }

  /**
   * The model is complete: from now on it is there, in the place of an older one of its name.
   * @returns false, and nothing has changed, if a shard has gone meanwhile
   */
  commit(entry: Entry): Promise<boolean> {
    return this.#change(ALL, async (transaction) => {
      const kept = new Set(await settled(transaction.objectStore('shards').getAllKeys()));
      if (!entry.shards.every(({ sha256 }) => kept.has(sha256))) return false;
      transaction.objectStore('models').put(entry);
      transaction.objectStore('pending').delete(entry.name);
      await sweep(transaction);
      return true;
    });
  }

  /** Forgets the model `name`, complete or not, or all of them. */
  remove(name?: string): Promise<void> {
    return this.#change(ALL, async (transaction) => {
      for (const store of ['models', 'pending'].map((of) => transaction.objectStore(of))) {
        if (name === undefined) store.clear();
        else store.delete(name);
      }
      await sweep(transaction);
    });
  }

  /** Forgets what has come so far of a model that is on its way. */
  abandon(name: string): Promise<void> {
    return this.#change(ALL, async (transaction) => {
      transaction.objectStore('pending').delete(name);
      await sweep(transaction);
    });
  }

  #read<T>(store: string, ask: (store: IDBObjectStore) => IDBRequest<T>, bytes = 0): Promise<T> {
    return this.#answer(() => settled(ask(this.#database.transaction(store).objectStore(store))), bytes);
  }

  /** One transaction; on the disk once this has returned. */
  #change<T>(stores: string[], work: (transaction: IDBTransaction) => Promise<T>, bytes = 0): Promise<T> {
    return this.#answer(async () => {
      const transaction = this.#database.transaction(stores, 'readwrite');
      const committed = new Promise<void>((resolve, reject) => {
        transaction.oncomplete = () => resolve();
        transaction.onabort = () => reject(transaction.error);
      });
      const [end, worked] = await Promise.allSettled([committed, work(transaction)]);
      // The transaction knows why; its requests only know that it ended.
      if (end.status === 'rejected') throw end.reason;
      if (worked.status === 'rejected') throw worked.reason;
      return worked.value;
    }, bytes);
  }

  #answer<T>(work: () => Promise<T>, bytes: number): Promise<T> {
    return asStorageError(async () => {
      if (this.#silent) throw new Silence();
      try {
        return await within(work(), ANSWER_MS + (MS_PER_MIB * bytes) / 2 ** 20);
      } catch (error) {
        this.#silent = error instanceof Silence;
        throw error;
      }
    });
  }
}

/** Deletes shards that no model needs. */
async function sweep(transaction: IDBTransaction): Promise<void> {
  const needed = new Set<IDBValidKey>();
  for (const { shards } of await settled<Entry[]>(transaction.objectStore('models').getAll())) {
    for (const { sha256 } of shards) needed.add(sha256);
  }
  for (const { shards } of await settled<Pending[]>(transaction.objectStore('pending').getAll())) {
    for (const sha256 of shards) needed.add(sha256);
  }
  const shards = transaction.objectStore('shards');
  for (const key of await settled(shards.getAllKeys())) if (!needed.has(key)) shards.delete(key);
}

function upgrade(request: IDBOpenDBRequest): void {
  const database = request.result;
  database.createObjectStore('shards');
  database.createObjectStore('models', { keyPath: 'name' });
  database.createObjectStore('pending', { keyPath: 'name' });
  if (database.objectStoreNames.contains('files') && request.transaction) adopt(database, request.transaction);
}

/**
 * Version 1 had one store, `files`: weights under `NAME/VERSION/FILE/SHA256`, and `model.json` under its address. The
 * weights stay, as those of a model whose description is to come: it is fetched first at every visit.
 */
function adopt(database: IDBDatabase, transaction: IDBTransaction): void {
  const pending = new Map<string, string[]>();
  const cursor = transaction.objectStore('files').openCursor();
  cursor.onsuccess = () => {
    const at = cursor.result;
    if (at === null) {
      for (const [name, shards] of pending) transaction.objectStore('pending').put({ name, shards, imported: false } satisfies Pending);
      database.deleteObjectStore('files');
      return;
    }
    const [, name, sha256] = /^([^/]+)\/.*\/([0-9a-f]{64})$/.exec(String(at.key)) ?? [];
    if (name !== undefined && sha256 !== undefined) {
      transaction.objectStore('shards').put(at.value, sha256);
      pending.set(name, [...(pending.get(name) ?? []), sha256]);
    }
    at.continue();
  };
}

function settled<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

async function asStorageError<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw error instanceof Silence ? storageSilent() : storage(reason(error));
  }
}

function reason(error: unknown): string {
  if (error instanceof DOMException && error.name === 'QuotaExceededError') return noRoom;
  const said = error instanceof Error ? error.message || error.name : '';
  return said.replace(/\.$/, '') || 'the browser gave no reason';
}

export const noRoom = 'there is no room left for this site';
