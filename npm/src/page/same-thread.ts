/** An engine in the calling thread, on the caller's GPUDevice, which cannot go to a worker. To a connection it looks like a worker. */

import type { End, Serve } from '../shared/protocol.ts';
import type { UpscalerError } from '../shared/error.ts';
import type { Link } from './worker-start.ts';

/**
 * Idle modules, by the worker's address. Each has its own WebAssembly instance, so that two engines cannot break each other. They are
 * reused, because nothing ever unloads a module.
 */
const idle = new Map<string, Serve[]>();
let modules = 0;

export class Thread implements Link {
  readonly #port: MessagePort;
  readonly #end: Promise<End>;
  #ended: UpscalerError | undefined;
  onmessage: Link['onmessage'] = null;
  onerror: Link['onerror'] = null;
  onmessageerror: Link['onmessageerror'] = null;

  constructor(device: GPUDevice, address: string) {
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    port1.onmessage = (event) => this.onmessage?.(event);
    this.#end = this.#begin(device, address, port2);
    this.#end.catch((error: unknown) => {
      // The error of a module that was not loaded is as empty as a worker's.
      this.onerror?.(new ErrorEvent('error', error instanceof SyntaxError ? { message: error.message } : {}));
    });
  }

  postMessage(message: unknown, transfer: Transferable[]): void {
    this.#port.postMessage(message, transfer);
  }

  terminate(reason: UpscalerError): void {
    if (this.#ended) return;
    this.#ended = reason;
    // No further message arrives. The engine runs to the end of its step.
    this.#port.close();
    this.#end.then((end) => end()).catch(() => undefined);
  }

  async #begin(device: GPUDevice, address: string, port: MessagePort): Promise<End> {
    const waiting = idle.get(address) ?? [];
    idle.set(address, waiting);
    const serve = waiting.pop() ?? (await load(address));
    const end = serve(port, device);
    return async () => {
      await end();
      // After a failure, an instance must not be reused.
      if (this.#ended?.code === 'aborted') waiting.push(serve);
    };
  }
}

/** Imports the worker's file into this thread. The fragment makes it a new module each time, and tells it that it is not a worker. */
async function load(address: string): Promise<Serve> {
  const { serve } = (await import(`${address}#thread-${++modules}`)) as { serve: Serve };
  return serve;
}
