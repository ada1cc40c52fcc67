/** Starts the worker, from this package's own file or from another address. */

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
    // The module was loaded from another site, whose workers browsers refuse.
    return imported(workerAddress());
  }
}

/** The worker's file beside this module. */
export function workerAddress(): string {
  return new URL('./worker.js', import.meta.url).href;
}

function from(address: string): Worker {
  if (new URL(address).origin !== location.origin) return imported(address);
  return new Worker(address, { type: 'module', name: 'resshift' });
}

/** A worker of this site whose only line imports the file; helpers start from the same blob, so it stays. */
function imported(address: string): Worker {
  const blob = new Blob([`import ${JSON.stringify(address)};`], { type: 'text/javascript' });
  return new Worker(URL.createObjectURL(blob), { type: 'module', name: 'resshift' });
}
