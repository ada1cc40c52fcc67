/**
 * The models on this device, in IndexedDB. `shards` holds bytes by their SHA-256, `models` the complete models, and `pending` the
 * shards of models that are still being downloaded. Every write is one transaction. This file has what a page does with them;
 * `worker/shard-store.ts` writes and reads the shards.
 */

import type { ModelInfo, StoredModel } from '../index.d.ts';
import { storage, storageSilent } from './error.ts';
import { ANSWER_MS, Silence, within } from './time-limit.ts';

const DATABASE = 'resshift';
const VERSION = 2;
export const ALL = ['shards', 'models', 'pending'];
/** Extra time for reading or writing bytes. A disk that takes longer for a mebibyte counts as not answering. */
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
  /** Made on this device from files that a person chose, so no server has it. */
  imported: boolean;
}

/** The part of an entry that callers see. */
export function stored({ name, version, steps, y0 = 0, bytes, licence, imported }: Entry): StoredModel {
  return { name, version, steps, y0, bytes, licence, imported };
}

export interface Pending {
  name: string;
  /** SHA-256 of each. */
  shards: string[];
  /** Made on this device, so no later download can complete it. */
  imported: boolean;
}

export class Store {
  readonly #database: IDBDatabase;
  /** Set once it has not answered; then it is not asked again. */
  #silent = false;

  constructor(database: IDBDatabase) {
    this.#database = database;
    // Another tab has a newer version of this page and must not wait for this one.
    database.onversionchange = () => database.close();
  }

  /** @throws UpscalerError `storage` if the browser has no IndexedDB, does not allow it, or does not answer */
  static open<T extends Store>(this: new (database: IDBDatabase) => T): Promise<T> {
    return asStorageError(async () => {
      const request = indexedDB.open(DATABASE, VERSION);
      request.onupgradeneeded = () => upgrade(request);
      const database = new Promise<IDBDatabase>((resolve, reject) => {
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error);
        request.onblocked = () => reject(new Error('another tab still works with an older version of this page'));
      });
      try {
        return new this(await within(database));
      } catch (error) {
        request.onsuccess = () => request.result.close();
        throw error;
      }
    });
  }

  close(): void {
    this.#database.close();
  }

  /** Every complete model, by name. */
  entries(): Promise<Entry[]> {
    return this.read<Entry[]>('models', (models) => models.getAll());
  }

  /** Deletes the model `name`, complete or not, or all models. */
  remove(name?: string): Promise<void> {
    return this.change(ALL, async (transaction) => {
      for (const store of ['models', 'pending'].map((of) => transaction.objectStore(of))) {
        if (name === undefined) store.clear();
        else store.delete(name);
      }
      await sweep(transaction);
    });
  }

  /** Deletes the shards of a model that is not complete. */
  abandon(name: string): Promise<void> {
    return this.change(ALL, async (transaction) => {
      transaction.objectStore('pending').delete(name);
      await sweep(transaction);
    });
  }

  protected read<T>(store: string, ask: (store: IDBObjectStore) => IDBRequest<T>, bytes = 0): Promise<T> {
    return this.#answer(() => settled(ask(this.#database.transaction(store).objectStore(store))), bytes);
  }

  /** One transaction. It is on the disk once this has returned. */
  protected change<T>(stores: string[], work: (transaction: IDBTransaction) => Promise<T>, bytes = 0): Promise<T> {
    return this.#answer(async () => {
      const transaction = this.#database.transaction(stores, 'readwrite');
      const committed = new Promise<void>((resolve, reject) => {
        transaction.oncomplete = () => resolve();
        transaction.onabort = () => reject(transaction.error);
      });
      const [end, worked] = await Promise.allSettled([committed, work(transaction)]);
      // The transaction has the reason; its requests only say that it ended.
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
export async function sweep(transaction: IDBTransaction): Promise<void> {
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

/** Deletes what version 1 stored, which this version cannot use. */
function upgrade({ result: database }: IDBOpenDBRequest): void {
  for (const old of [...database.objectStoreNames]) database.deleteObjectStore(old);
  database.createObjectStore('shards');
  database.createObjectStore('models', { keyPath: 'name' });
  database.createObjectStore('pending', { keyPath: 'name' });
}

export function settled<T>(request: IDBRequest<T>): Promise<T> {
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
  if (error instanceof DOMException && error.name === 'QuotaExceededError') return NO_SPACE;
  const said = error instanceof Error ? error.message || error.name : '';
  return said.replace(/\.$/, '') || 'the browser gave no reason';
}

export const NO_SPACE = 'there is no space left for this site';
