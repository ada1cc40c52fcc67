/** Starts the worker, from this site or from another one. */

import type { UpscalerError } from '../shared/error.ts';
import { trustedUrl } from '../shared/trusted-types.ts';

/** A worker, or an engine in this thread that behaves like one. */
export interface Link {
  postMessage(message: unknown, transfer: Transferable[]): void;
  /** @param reason why; a worker has no use for it */
  terminate(reason: UpscalerError): void;
  onmessage: ((event: MessageEvent) => void) | null;
  onerror: ((event: ErrorEvent) => void) | null;
  onmessageerror: ((event: MessageEvent) => void) | null;
}

/** The worker's file beside this module. Literal, so that bundlers find the file; and once, so that they copy it once. */
export const workerAddress = (): string => new URL('./worker.js', import.meta.url).href;

export function startWorker(address: string): Worker {
  // Next's own URLs have no origin.
  if (new URL(address, location.href).origin !== origin) return imported(address);
  return new Worker(trustedUrl(address), { type: 'module', name: 'resshift' });
}

/** A worker of this page whose only work is to import the file; helpers start from the same blob, so it stays. */
function imported(address: string): Worker {
  const file = JSON.stringify(address);
  // A frame without an origin starts classic workers only. Messages wait until the file is there.
  const opaque = origin === 'null';
  const script = opaque
    ? `const early = []; onmessage = (event) => early.push(event); import(${file}).then(() => early.forEach(onmessage), () => postMessage({ type: 'unloaded' }));`
    : `import ${file};`;
  const blob = URL.createObjectURL(new Blob([script], { type: 'text/javascript' }));
  return new Worker(trustedUrl(blob), { type: opaque ? 'classic' : 'module', name: 'resshift' });
}
