/** A worker with an engine in it. It takes one request at a time, and is closed once it is broken. */

import { aborted, broken, disposed, offline, UpscalerError } from './error.ts';
import type { Answer, Created, Done, Note, Payload, Request, Run, Settings } from './protocol.ts';

/** How long a worker may take to notice an abort. A single step on the CPU can be longer: then the worker goes. */
const ABORT_PATIENCE_MS = 2000;

type Listener = (note: Note) => void;

export class Connection {
  readonly #worker: Worker;
  #heard = false;
  #settle: { resolve: (answer: Created | Done) => void; reject: (error: UpscalerError) => void } | undefined;
  #listen: Listener | undefined;
  #open = true;

  constructor() {
    this.#worker = new Worker(new URL('./worker.js', import.meta.url), { type: 'module', name: 'resshift' });
    this.#worker.onmessage = ({ data }: MessageEvent<Note | Answer>) => this.#receive(data);
    this.#worker.onerror = (event) => {
      event.preventDefault();
      const { href } = new URL('./worker.js', import.meta.url);
      // Before its first word the worker's own file cannot have been read.
      this.close(this.#heard ? broken(event.message) : new UpscalerError(offline(href)));
    };
    this.#worker.onmessageerror = () => this.close(broken('a message could not be read'));
  }

  /** False once the worker is gone; start another one then. */
  get open(): boolean {
    return this.#open;
  }

  /** Loads engine and model. An abort ends the worker, and its downloads with it. */
  async create(settings: Settings, listen: Listener, signal?: AbortSignal): Promise<Created> {
    const created = await this.#ask({ type: 'create', settings }, [], listen, signal, () => this.close(aborted()));
    return created as Created;
  }

  /** Runs one picture. An abort ends the run within one step, or else the worker. */
  async upscale(input: Payload, run: Run, listen: Listener, signal?: AbortSignal): Promise<Done> {
    let watchdog: ReturnType<typeof setTimeout> | undefined;
    const abort = (): void => {
      this.#send({ type: 'abort' }, []);
      watchdog = setTimeout(() => this.close(aborted()), ABORT_PATIENCE_MS);
    };
    const buffer = input instanceof Uint8Array ? input.buffer : input.data.buffer;
    try {
      const done = await this.#ask({ type: 'upscale', input, run }, [buffer], listen, signal, abort);
      if (signal?.aborted) throw aborted();
      return done as Done;
    } finally {
      clearTimeout(watchdog);
    }
  }

  /** Ends the worker; a request in progress fails with `reason`. */
  close(reason: UpscalerError = disposed()): void {
    this.#open = false;
    this.#worker.terminate();
    this.#settle?.reject(reason);
  }

  async #ask(
    request: Request,
    transfer: Transferable[],
    listen: Listener,
    signal: AbortSignal | undefined,
    abort: () => void,
  ): Promise<Created | Done> {
    if (signal?.aborted) throw aborted();
    signal?.addEventListener('abort', abort);
    // After an abort the caller hears nothing more.
    this.#listen = (note) => signal?.aborted || listen(note);
    try {
      return await new Promise((resolve, reject) => {
        this.#settle = { resolve, reject };
        this.#send(request, transfer);
      });
    } finally {
      this.#settle = this.#listen = undefined;
      signal?.removeEventListener('abort', abort);
    }
  }

  #send(request: Request, transfer: Transferable[]): void {
    this.#worker.postMessage(request, transfer);
  }

  #receive(message: Note | Answer): void {
    this.#heard = true;
    switch (message.type) {
      case 'created':
      case 'done':
        return this.#settle?.resolve(message);
      case 'failed': {
        const error = new UpscalerError(message.fault);
        // A GPU that has failed once answers nothing more to the engine that opened it.
        if (error.code === 'gpu' || error.code === 'internal') this.close(error);
        return this.#settle?.reject(error);
      }
      case 'broken':
        return this.close(broken(message.message));
      default:
        this.#listen?.(message);
    }
  }
}
