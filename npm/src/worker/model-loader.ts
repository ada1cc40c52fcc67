/**
 * Loads a model into the engine, shard by shard, from this device's store or from the network. `model.json` comes first, so that a new
 * version is noticed; that of the package's own models is part of the worker. Every shard is looked for in the store first, and its
 * SHA-256 is checked wherever it came from. A downloaded shard is stored immediately, so that an interrupted download can resume.
 */

import manifests from 'shipped-manifests';
import type { Loading } from '../../engine/resshift.js';
import type { ErrorCode, ModelInfo } from '../index.d.ts';
import { badWeights, damaged, hashMismatch, storage, UpscalerError } from '../shared/error.ts';
import { NO_SPACE, type Entry, type Shard } from '../shared/store.ts';
import { DownloadBudget } from './download-budget.ts';
import { discard, download, isNoAnswer, type DownloadRequest } from './download.ts';
import { isWhole } from './hash-check.ts';
import type { Part } from './load-progress.ts';
import { withModelLock } from './model-lock.ts';
import { hasSpace, ShardStore } from './shard-store.ts';

/** Shards that are downloaded at the same time. */
const AT_ONCE = 4;
/** Longest `model.json` that is read. */
const JSON_LIMIT = 1 << 20;
/**
 * Bytes of shards in memory: two of the largest possible (8 MiB), less what the engine needs beside them while it reads them
 * (`tests/browser/engine/full-size.spec.ts` measures it).
 */
const IN_MEMORY = (16 - 7) << 20;
/** About the size of the pieces that browsers deliver. */
const PIECE = 1 << 16;
/** Errors after which an older version of the model is used. */
const NOT_DELIVERED: readonly ErrorCode[] = ['http', 'offline', 'bad-weights', 'hash-mismatch'];

/** `Loading.begin` in Rust. */
export interface Description extends ModelInfo {
  shards: Shard[];
}

export interface Order {
  /** The model's name in the store. */
  model: string;
  /** URLs of its folder on each server, ending with a slash. */
  folders: readonly string[];
  /** URLs of the first folder's files that a bundler has put elsewhere, by name. */
  files: Readonly<Record<string, string>>;
  /** Whether the first folder is the package's own. */
  own: boolean;
  /** Ends the downloads if there is no worker to terminate. */
  signal?: AbortSignal | undefined;
}

type Report = (part: Part) => void;

/**
 * Loads the model and calls `build` when all of it is on the device. Only then does it become the stored version. Until then an older
 * version stays in the store, and it is loaded if the newer one fails to arrive.
 * @returns problems that did not stop the work
 * @throws UpscalerError, or what the engine throws
 */
export async function loadModel(order: Order, loading: Loading, build: () => void, report: Report): Promise<UpscalerError[]> {
  const warnings: UpscalerError[] = [];
  const store = await ShardStore.open().catch((error: UpscalerError) => void warnings.push(error));
  try {
    const loader = new ModelLoader(order, loading, build, report, store, warnings);
    await loader.run();
  } finally {
    store?.close();
  }
  return warnings;
}

class ModelLoader {
  /** Whether shards are stored; false once the store has refused one. */
  #keeps: boolean;
  /** Where shards come from; empty for a model that was made on this device. */
  #folders: readonly string[];

  constructor(
    readonly order: Order,
    readonly loading: Loading,
    readonly build: () => void,
    readonly report: Report,
    readonly store: ShardStore | void,
    readonly warnings: UpscalerError[],
  ) {
    this.#keeps = store !== undefined;
    this.#folders = order.folders;
  }

  async run(): Promise<void> {
    // A store that cannot be read counts as empty.
    const kept = await this.store?.entry(this.order.model).catch(() => undefined);
    if (kept?.imported) {
      this.#folders = [];
      return this.#load(kept.json, kept);
    }
    const json = await this.#description(kept);
    if (kept === undefined || same(json, kept.json)) return this.#load(json, kept);
    try {
      await this.#load(json, kept);
    } catch (error) {
      const { code } = error as UpscalerError;
      if (!NOT_DELIVERED.includes(code)) throw error;
      this.warnings.push(new UpscalerError(error as UpscalerError));
      await this.#load(kept.json, kept);
    }
  }

  #urls(name: string): string[] {
    return this.#folders.map((folder, place) => (place === 0 && this.order.files[name]) || `${folder}${name}`);
  }

  async #description(kept: Entry | undefined): Promise<Uint8Array<ArrayBuffer>> {
    const shipped = this.order.own ? manifests[this.order.model] : undefined;
    if (shipped !== undefined) return new TextEncoder().encode(shipped);
    const urls = this.#urls('model.json');
    try {
      return await download({ urls, limit: JSON_LIMIT, cache: 'no-cache', brief: kept !== undefined, signal: this.order.signal });
    } catch (error) {
      if (kept && isNoAnswer(error)) return kept.json;
      throw error;
    }
  }

  async #load(json: Uint8Array<ArrayBuffer>, kept: Entry | undefined): Promise<void> {
    const model = this.loading.begin(json) as Description;
    const current = kept !== undefined && same(json, kept.json);
    const load = async (): Promise<void> => {
      await this.#bring(model);
      this.build();
      if (!current) await this.#commit({ ...model, name: this.order.model, json, imported: false });
    };
    const missing = await this.#missing(model.shards);
    if (!this.#keeps || missing.length === 0) return load();
    const bytes = missing.reduce((sum, shard) => sum + shard.bytes, 0);
    if (!(await hasSpace(bytes))) this.#stopKeeping(storage(NO_SPACE));
    // Of two tabs, the second one finds in the store what the first one has downloaded.
    await withModelLock(this.order.model, load);
  }

  async #missing(shards: readonly Shard[]): Promise<readonly Shard[]> {
    return (await this.store?.missing(shards).catch(() => undefined)) ?? shards;
  }

  /** Passes every shard to the engine. */
  async #bring({ shards, bytes: total }: Description): Promise<void> {
    const absent = new Set(await this.#missing(shards));
    const budget = new DownloadBudget(IN_MEMORY);
    const halt = new AbortController();
    const stop = (): void => halt.abort(this.order.signal?.reason);
    this.order.signal?.addEventListener('abort', stop, { once: true });
    if (this.order.signal?.aborted) stop();
    const arrived = shards.map(() => 0);
    let cached = true;
    let engine: Promise<unknown> = Promise.resolve();
    const arrive = (place: number, bytes: number): void => {
      arrived[place] = bytes;
      this.report({ phase: 'weights', loaded: arrived.reduce((a, b) => a + b, 0), total, cached });
    };

    const bring = async (place: number, shard: Shard): Promise<void> => {
      const hold = (bytes: number): void => {
        budget.hold(place, bytes);
        arrive(place, bytes);
      };
      let bytes: Uint8Array<ArrayBuffer> | undefined;
      if (!absent.has(shard)) {
        await budget.take(place, shard.bytes);
        bytes = await this.#stored(shard);
      }
      if (bytes === undefined) {
        cached = false;
        bytes = await this.#fetch(shard, { signal: halt.signal, ready: () => budget.take(place, PIECE), onBytes: hold });
        await this.#keep(shard, bytes);
      }
      halt.signal.throwIfAborted();
      const whole = bytes;
      await (engine = engine.then(() => this.loading.add(whole)));
      discard(whole);
      arrive(place, shard.bytes);
    };

    const queue = shards.entries();
    const line = async (): Promise<void> => {
      for (const [place, shard] of queue) {
        if (halt.signal.aborted) return;
        budget.enter(place, shard.bytes);
        await bring(place, shard).catch((error: unknown) => halt.abort(error));
        budget.leave(place);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, line));
    // The first error; the others follow from it.
    if (halt.signal.aborted) throw halt.signal.reason;
  }

  /** The shard from the store, if it is stored and undamaged. */
  async #stored(shard: Shard): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const bytes = await this.store?.shard(shard).catch(() => undefined);
    if (bytes === undefined || (await isWhole(bytes, shard))) return bytes;
    await this.store?.drop(shard.sha256).catch(() => undefined);
    return undefined;
  }

  /** The shard from the network. A wrong one is fetched once more, bypassing the browser's HTTP cache. */
  async #fetch(shard: Shard, watch: Pick<DownloadRequest, 'signal' | 'ready' | 'onBytes'>): Promise<Uint8Array<ArrayBuffer>> {
    const { name, bytes: limit } = shard;
    if (this.#folders.length === 0) {
      await this.store?.remove(this.order.model).catch(() => undefined);
      throw damaged(this.order.model);
    }
    let urls = this.#urls(name);
    let wrong: UpscalerError | undefined;
    for (const cache of ['default', 'reload'] as const) {
      try {
        const bytes = await download({ urls, limit, cache, ...watch });
        if (await isWhole(bytes, shard)) return bytes;
        wrong = bytes.length === limit ? hashMismatch(name) : badWeights(`${name} has ${bytes.length} bytes instead of ${limit}`);
      } catch (error) {
        if (!(error instanceof UpscalerError) || error.code !== 'bad-weights') throw error;
        wrong = error;
      }
      // The second attempt uses another server, if there is one.
      urls = [...urls.slice(1), ...urls.slice(0, 1)];
    }
    throw wrong;
  }

  async #keep({ sha256 }: Shard, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    if (!this.store || !this.#keeps) return;
    try {
      await this.store.add(this.order.model, sha256, bytes);
    } catch (error) {
      this.#stopKeeping(error as UpscalerError);
      // A part of a model that does not fit is useless.
      await this.store.abandon(this.order.model).catch(() => undefined);
    }
  }

  async #commit(entry: Entry): Promise<void> {
    if (!this.store || !this.#keeps) return;
    try {
      if (!(await this.store.commit(entry))) throw storage('it was deleted while it was loaded');
    } catch (error) {
      this.#stopKeeping(error as UpscalerError);
    }
  }

  #stopKeeping(reason: UpscalerError): void {
    if (this.#keeps) this.warnings.push(reason);
    this.#keeps = false;
  }
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
