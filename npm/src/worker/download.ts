/** Downloads one file from the first of its addresses that answers, and retries if none does. */

import { badWeights, http, notTheFile, offline, type UpscalerError } from '../shared/error.ts';
import { isHtml, contentType } from '../shared/content-type.ts';

/** Pauses before the second, third and fourth round of attempts. */
const PAUSES_MS = [500, 1500, 4500];
/** A connection that is silent for this long is given up. */
const SILENCE_MS = 30_000;

export interface DownloadRequest {
  /** Addresses of the same file, in order of preference. */
  urls: readonly string[];
  /** Maximum number of bytes; a longer file is the wrong one. */
  limit: number;
  cache: RequestCache;
  /** One round and a short timeout, because there is an alternative to the file. */
  brief?: boolean;
  signal?: AbortSignal | undefined;
  /** Awaited before more is read. */
  ready?: () => Promise<void>;
  /** Bytes of the current attempt so far; 0 when one begins. */
  onBytes?: (loaded: number) => void;
}

/**
 * @throws UpscalerError `offline` if there is no answer or it breaks off, `http` for any status other than 200 to 299,
 * `bad-weights` as soon as there are too many bytes
 */
export async function download(request: DownloadRequest): Promise<Uint8Array<ArrayBuffer>> {
  for (let round = 0; ; round++) {
    const failures: Failure[] = [];
    for (const url of request.urls) {
      try {
        return await receive(url, request);
      } catch (error) {
        if (!(error instanceof Failure)) throw error;
        failures.push(error);
      }
    }
    const [first] = failures;
    const pause = PAUSES_MS[round];
    const hopeful = failures.some(({ passing }) => passing) && navigator.onLine && !request.signal?.aborted;
    if (first && (pause === undefined || request.brief || !hopeful)) throw first.error;
    // Pages that lost their server at the same time should not all retry at the same time.
    await new Promise((resolve) => setTimeout(resolve, (pause ?? 0) * (0.75 + Math.random() / 2)));
  }
}

/** Whether there was no answer, as opposed to a refusal. */
export function isNoAnswer(error: unknown): boolean {
  return unanswered.has(error as UpscalerError);
}

const unanswered = new WeakSet<UpscalerError>();

class Failure {
  /** @param passing whether the same request may succeed a little later */
  constructor(
    readonly error: UpscalerError,
    readonly passing: boolean,
  ) {
    if (passing) unanswered.add(error);
  }
}

async function receive(url: string, request: DownloadRequest): Promise<Uint8Array<ArrayBuffer>> {
  const { limit, cache, signal, ready, onBytes } = request;
  const silence = new AbortController();
  /** Awaits the network; a timeout or broken connection is a failure. */
  const heard = async <T>(answer: Promise<T>): Promise<T> => {
    const timer = setTimeout(() => silence.abort(), request.brief ? SILENCE_MS / 10 : SILENCE_MS);
    try {
      return await answer;
    } catch {
      throw new Failure(offline(url), true);
    } finally {
      clearTimeout(timer);
    }
  };
  const signals = signal ? [signal, silence.signal] : [silence.signal];
  onBytes?.(0);
  const response = await heard(fetch(url, { cache, signal: anyOf(signals) }));
  if (!response.ok) {
    void response.body?.cancel();
    throw new Failure(http(url, response.status), response.status >= 500 || response.status === 408 || response.status === 429);
  }
  if (isHtml(response)) {
    void response.body?.cancel();
    throw new Failure(notTheFile(url, contentType(response)), false);
  }
  const bytes = new Uint8Array(limit);
  let loaded = 0;
  const reader = response.body?.getReader();
  while (reader) {
    await ready?.();
    const { value } = await heard(reader.read());
    if (value === undefined) break;
    if (loaded + value.length > limit) {
      void reader.cancel();
      throw badWeights(`${url} is longer than the ${limit} bytes expected`);
    }
    bytes.set(value, loaded);
    loaded += value.length;
    discard(value);
    onBytes?.(loaded);
  }
  return loaded === limit ? bytes : bytes.slice(0, loaded);
}

/**
 * Frees memory immediately, if the browser can, instead of at the next garbage collection: downloads are faster than
 * collections.
 */
export function discard(bytes: Uint8Array<ArrayBuffer>): void {
  bytes.buffer.transfer?.(0);
}

/** `AbortSignal.any`, which Safari 17.0 lacks. */
function anyOf(signals: AbortSignal[]): AbortSignal {
  const controller = new AbortController();
  for (const signal of signals) {
    if (signal.aborted) controller.abort();
    signal.addEventListener('abort', () => controller.abort(), { once: true });
  }
  return controller.signal;
}
