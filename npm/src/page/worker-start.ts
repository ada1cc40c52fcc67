/** Starts the worker, from this package's own file or from another address. */

import { trusted } from '../shared/trusted.ts';

/** A worker, or what stands in for one. */
export interface Link {
  postMessage(message: unknown, transfer: Transferable[]): void;
  terminate(): void;
  onmessage: ((event: MessageEvent) => void) | null;
  onerror: ((event: ErrorEvent) => void) | null;
  onmessageerror: ((event: MessageEvent) => void) | null;
}

/** @param address of the worker's file, if it is not the one beside this module */
export function startWorker(address?: string): Worker {
  if (address !== undefined) return from(address);
  try {
    // Literal, so that bundlers find the file.
    return new Worker(new URL('./worker.js', import.meta.url), { type: 'module', name: 'resshift' });
  } catch {
    // The module was loaded from another site, whose workers browsers refuse, or the page takes trusted addresses only.
    return from(workerAddress());
  }
}

/** The worker's file beside this module. */
export function workerAddress(): string {
  return new URL('./worker.js', import.meta.url).href;
}

function from(address: string): Worker {
  if (new URL(address).origin !== globalThis.origin) return imported(address);
  return new Worker(trusted(address), { type: 'module', name: 'resshift' });
}

/** A worker of this page whose only work is to import the file; helpers start from the same blob, so it stays. */
function imported(address: string): Worker {
  const file = JSON.stringify(address);
  // A frame without an origin starts classic workers only. What comes before the file is there waits for it.
  const opaque = globalThis.origin === 'null';
  const script = opaque
    ? `const early = []; onmessage = (event) => early.push(event); import(${file}).then(() => early.forEach(onmessage), () => postMessage({ type: 'unloaded' }));`
    : `import ${file};`;
  const blob = URL.createObjectURL(new Blob([script], { type: 'text/javascript' }));
  return new Worker(trusted(blob), { type: opaque ? 'classic' : 'module', name: 'resshift' });
}
