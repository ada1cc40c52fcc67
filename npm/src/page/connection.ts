/** A worker with an engine, or an engine in this thread. It takes one request at a time, and is closed once it is broken. */

import type { DeviceInfo } from '../index.d.ts';
import { aborted, broken, deviceLost, UpscalerError } from '../shared/error.ts';
import type { Answer, Created, Done, ImportOrder, Imported, Note, Payload, Request, Run, Settings } from '../shared/protocol.ts';
import { orAbort } from './or-abort.ts';
import { Thread } from './same-thread.ts';
import { loadFailure, PolicyWatch } from './load-failure.ts';
import { startWorker, workerAddress, type Link } from './worker-start.ts';

/**
 * How long a worker may take to end an aborted run before it is terminated. On the CPU, a step blocks the worker, but a new worker
 * starts quickly. A GPU takes long to open again.
 */
const ABORT_TIMEOUT_MS = { cpu: 2000, webgpu: 10_000 };

type Listener = (note: Note) => void;
type Success = Created | Done | Imported;

const nothing = (): void => {};

export class Connection {
  readonly #worker: Link;
  readonly #address: string;
  #heard = false;
  readonly #policy = new PolicyWatch();
  #settle: { resolve: (answer: Success) => void; reject: (error: UpscalerError) => void } | undefined;
  #listen: Listener | undefined;
  #open = true;
  #idle: Promise<void> = Promise.resolve();
  #kind: DeviceInfo['kind'] = 'cpu';

  /**
   * @param address of the worker's file, if it is not the package's own
   * @param device of the caller; the engine then runs in this thread
   */
  constructor(address = workerAddress(), device?: GPUDevice) {
    this.#address = address;
    this.#worker = device ? new Thread(device, address) : startWorker(address);
    void device?.lost.then(() => this.close(deviceLost()));
    this.#worker.onmessage = ({ data }: MessageEvent<Note | Answer>) => this.#receive(data);
    this.#worker.onerror = (event) => {
      event.preventDefault();
      if (this.#heard || event.message) this.close(broken(event.message));
      else this.#unloaded();
    };
    this.#worker.onmessageerror = () => this.close(broken('a message could not be read'));
  }

  /** False once the worker is gone. Start another one then. */
  get open(): boolean {
    return this.#open;
  }

  /** Settles when no request is in progress. */
  get idle(): Promise<void> {
    return this.#idle;
  }

  /** Loads engine and model. An abort ends the worker, and its downloads with it. */
  async create(settings: Settings, listen: Listener, signal?: AbortSignal): Promise<Created> {
    const created = (await this.#askOrClose({ type: 'create', settings }, listen, signal)) as Created;
    this.#kind = created.device.kind;
    return created;
  }

  /** Converts files into a model. It asks with a note of type `plan`, which {@link consent} answers. An abort ends the worker. */
  async import(order: ImportOrder, listen: Listener, signal?: AbortSignal): Promise<Imported> {
    return (await this.#askOrClose({ type: 'import', order }, listen, signal)) as Imported;
  }

  consent(given: boolean): void {
    this.#send({ type: 'consent', given }, []);
  }

  /** Runs one picture. An abort is answered immediately. The worker is `idle` again within a step, or it is closed. */
  upscale(input: Payload, run: Run, listen: Listener, signal?: AbortSignal): Promise<Done> {
    const buffer = input instanceof Uint8Array ? input.buffer : input.data.buffer;
    const answer = this.#ask({ type: 'upscale', input, run }, [buffer], listen, signal) as Promise<Done>;
    this.#idle = answer.then(nothing, nothing);
    const abort = (): void => {
      this.#send({ type: 'abort' }, []);
      const watchdog = setTimeout(() => this.close(), ABORT_TIMEOUT_MS[this.#kind]);
      void this.#idle.then(() => clearTimeout(watchdog));
    };
    signal?.addEventListener('abort', abort, { once: true });
    void this.#idle.then(() => signal?.removeEventListener('abort', abort));
    return orAbort(answer, signal);
  }

  /** Ends the worker; a request in progress fails with `reason`. */
  close(reason: UpscalerError = aborted()): void {
    this.#open = false;
    this.#policy.stop();
    this.#worker.terminate(reason);
    this.#settle?.reject(reason);
  }

  async #askOrClose(request: Request, listen: Listener, signal?: AbortSignal): Promise<Success> {
    const abort = (): void => this.close(aborted(signal?.reason));
    signal?.addEventListener('abort', abort);
    try {
      return await this.#ask(request, [], listen, signal);
    } finally {
      signal?.removeEventListener('abort', abort);
    }
  }

  async #ask(request: Request, transfer: Transferable[], listen: Listener, signal?: AbortSignal): Promise<Success> {
    if (signal?.aborted) throw aborted(signal.reason);
    // After an abort the caller hears nothing more.
    this.#listen = (note) => signal?.aborted || listen(note);
    try {
      return await new Promise((resolve, reject) => {
        this.#settle = { resolve, reject };
        this.#send(request, transfer);
      });
    } finally {
      this.#settle = this.#listen = undefined;
    }
  }

  #send(request: Request, transfer: Transferable[]): void {
    this.#worker.postMessage(request, transfer);
  }

  /** The worker's own file was not loaded. */
  #unloaded(): void {
    void loadFailure(this.#address, this.#policy, true).then((reason) => this.close(reason));
  }

  #receive(message: Note | Answer): void {
    if (message.type === 'unloaded') return this.#unloaded();
    this.#heard = true;
    switch (message.type) {
      case 'created':
      case 'done':
      case 'imported':
        this.#settle?.resolve(message);
        // The next run starts a new engine.
        if ((message as Partial<Done>).large) this.close();
        return;
      case 'failed': {
        const error = new UpscalerError(message.fault);
        const settle = this.#settle;
        if (error.code === 'offline' && error.url)
          return void loadFailure(error.url, this.#policy).then((reason) => settle?.reject(reason));
        // A GPU that has failed no longer answers the engine that opened it, and an engine's memory never shrinks.
        if (['gpu', 'internal', 'out-of-memory'].includes(error.code)) this.close(error);
        return this.#settle?.reject(error);
      }
      case 'broken':
        return this.close(broken(message.message));
      default:
        this.#listen?.(message);
    }
  }
}
