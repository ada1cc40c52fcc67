/** A run as an asynchronous iteration over its tiles. */

import type { Result, Tile, UpscaleOptions } from '../index.d.ts';
import { aborted } from '../shared/error.ts';

/**
 * Yields tiles as they are finished and returns the result. Leaving the loop early ends the run.
 * @param upscale starts the run with these options
 */
export async function* tilesOf(
  upscale: (options: UpscaleOptions) => Promise<Result>,
  options: UpscaleOptions,
): AsyncGenerator<Tile, Result, undefined> {
  const ready: Tile[] = [];
  let wake = (): void => {};
  let ended = false;
  const stop = new AbortController();
  const abort = (): void => stop.abort(options.signal?.reason);
  options.signal?.addEventListener('abort', abort, { once: true });
  if (options.signal?.aborted) throw aborted(options.signal.reason);
  const result = upscale({
    ...options,
    signal: stop.signal,
    onTile: (tile) => {
      options.onTile?.(tile);
      ready.push(tile);
      wake();
    },
  });
  const end = (): void => {
    ended = true;
    wake();
  };
  result.then(end, end);
  try {
    for (;;) {
      const tile = ready.shift();
      if (tile !== undefined) yield tile;
      else if (ended) return await result;
      else await new Promise<void>((resolve) => (wake = resolve));
    }
  } finally {
    options.signal?.removeEventListener('abort', abort);
    stop.abort();
  }
}
