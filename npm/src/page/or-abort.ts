import { aborted } from '../shared/error.ts';

/** Waits for a promise, or until the signal aborts. */
export async function orAbort<T>(waiting: Promise<T>, signal?: AbortSignal): Promise<T> {
  if (signal === undefined) return waiting;
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(aborted(signal.reason));
    if (signal.aborted) return abort();
    signal.addEventListener('abort', abort, { once: true });
    waiting.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}
