/**
 * Helpers of an engine on the CPU: workers with engines of their own, each of which computes a part of the picture. Each holds the
 * model, from this device's store, and the memory of a band. They start with the first step of a run and end with the run. The engine
 * computes what they do not take, and what they fail at.
 */

import { engines } from '../../../limits.json';
import { initSync, Loading, sha256, type Engine } from '../../engine/resshift.js';
import { trustedUrl } from '../shared/trusted-types.ts';
import { ShardStore } from './shard-store.ts';

/** Including the engine that has the picture. */
const MAX_ENGINES = engines[1]!;

/** The first message to a helper. */
export interface Joining {
  type: 'join';
  model: string;
  module: WebAssembly.Module;
}

/** A band of a part to predict; see `Engine.predict` in Rust. */
export interface Job {
  type: 'predict';
  height: number;
  width: number;
  band: number;
  first: boolean;
  inputs: Float32Array<ArrayBuffer>[];
}

/** Messages of a helper: first that it is ready, then a prediction for every job. */
export type Reply = { type: 'ready' } | { type: 'predicted'; values: Float32Array<ArrayBuffer> } | { type: 'lost' };

/** Largest model, in bytes of weights, for which helpers start by default. Each helper takes about four times as much memory. */
const HELPED = 64 << 20;
/** Minimum number of processors for which helpers start by default. On two busy ones they gained nothing. */
const WORTHWHILE = 4;

/** Number of helpers, beside the engine itself, for this machine and a model of this many bytes. */
export function helpersHere(asked: number | undefined, bytes: number): number {
  if (typeof Worker === 'undefined') return 0;
  const processors = navigator.hardwareConcurrency ?? 1;
  const spare = processors < WORTHWHILE || bytes > HELPED ? 1 : processors - 1;
  return Math.min(asked ?? spare, MAX_ENGINES) - 1;
}

/** `PageHelpers` in Rust. */
export class Team {
  readonly #joining: Joining;
  readonly #size: number;
  #members: Member[] | undefined;

  constructor(model: string, module: WebAssembly.Module, size: number) {
    this.#joining = { type: 'join', model, module };
    this.#size = size;
  }

  /** Helpers that are running, or will be. */
  get count(): number {
    return this.#members?.filter(({ lost }) => !lost).length ?? this.#size;
  }

  /** Whether one of them can take a band. */
  isFree(index: number): boolean {
    this.#members ??= Array.from({ length: this.#size }, () => new Member(this.#joining));
    return this.#members[index]?.free === true;
  }

  /** Gives a band to one of them; `undefined` if it is not free. */
  start(
    index: number,
    height: number,
    width: number,
    band: number,
    first: boolean,
    inputs: Float32Array<ArrayBuffer>[],
  ): Promise<Float32Array> | undefined {
    const member = this.#members?.[index];
    return member?.free === true ? member.predict({ type: 'predict', height, width, band, first, inputs }) : undefined;
  }

  close(): void {
    this.#members?.forEach((member) => member.close());
  }
}

class Member {
  readonly #worker: Worker;
  #settle: { resolve: (values: Float32Array) => void; reject: (reason: Error) => void } | undefined;
  free = false;
  lost = false;

  constructor(joining: Joining) {
    // The file that this worker runs, wherever a bundler has put it.
    this.#worker = new Worker(trustedUrl(self.location.href), { type: 'module', name: 'resshift helper' });
    this.#worker.onmessage = ({ data }: MessageEvent<Reply>) => this.#receive(data);
    this.#worker.onerror = (event) => {
      event.preventDefault();
      this.close();
    };
    this.#worker.onmessageerror = () => this.close();
    this.#worker.postMessage(joining);
  }

  predict(job: Job): Promise<Float32Array> {
    this.free = false;
    return new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
      this.#worker.postMessage(
        job,
        job.inputs.map(({ buffer }) => buffer),
      );
    });
  }

  close(): void {
    this.free = false;
    this.lost = true;
    this.#worker.terminate();
    this.#settle?.reject(new Error('a helper was lost'));
  }

  #receive(reply: Reply): void {
    // A broken worker sends other messages (see `worker.ts`).
    if (reply.type !== 'ready' && reply.type !== 'predicted') return this.close();
    this.free = true;
    if (reply.type === 'predicted') this.#settle?.resolve(reply.values);
    this.#settle = undefined;
  }
}

/** The helper's side. */
export class Helper {
  #engine: Promise<Engine> | undefined;

  async answer(request: Joining | Job, post: (reply: Reply, transfer: Transferable[]) => void): Promise<void> {
    try {
      if (request.type === 'join') {
        await (this.#engine = engine(request));
        return post({ type: 'ready' }, []);
      }
      const { height, width, band, first, inputs } = request;
      const values = await (await this.#engine)!.predict(height, width, band, first, inputs);
      post({ type: 'predicted', values: values as Float32Array<ArrayBuffer> }, [values.buffer as ArrayBuffer]);
    } catch {
      post({ type: 'lost' }, []);
    }
  }
}

/** An engine with the stored model, without using the network. */
async function engine({ model, module }: Joining): Promise<Engine> {
  initSync({ module });
  const loading = await Loading.open('cpu', undefined);
  const store = await ShardStore.open();
  try {
    const entry = await store.entry(model);
    if (entry === undefined) throw new Error('the model is not stored');
    loading.begin(entry.json);
    for (const shard of entry.shards) {
      const bytes = await store.shard(shard);
      if (bytes === undefined || sha256(bytes) !== shard.sha256) throw new Error('a shard is not stored');
      await loading.add(bytes);
    }
    return loading.finish();
  } finally {
    store.close();
  }
}
