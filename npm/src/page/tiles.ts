/** A run as an asynchronous iteration over its tiles. */

import type { Result, Tile, UpscaleOptions } from '../index.d.ts';

/**
 * Yields tiles as they are finished and returns the result. Leaving the loop early ends the run.
 * @param upscale starts the run with these options
 */
export async function* tilesOf(
  upscale: (options: UpscaleOptions) => Promise<Result>,
  options: UpscaleOptions,
): AsyncGenerator<Tile, Result, undefined> {
  let arriving!: ReadableStreamDefaultController<Tile>;
  const tiles = new ReadableStream<Tile>({ start: (controller) => void (arriving = controller) }).getReader();
  const stop = new AbortController();
  const abort = (): void => stop.abort(options.signal?.reason);
  options.signal?.addEventListener('abort', abort, { once: true });
  if (options.signal?.aborted) abort();
  const result = upscale({
    ...options,
    signal: stop.signal,
    onTile: (tile) => {
      options.onTile?.(tile);
      arriving.enqueue(tile);
    },
  });
  const end = (): void => arriving.close();
  result.then(end, end);
  try {
    for (;;) {
      const { value } = await tiles.read();
      if (value === undefined) return await result;
      yield value;
    }
  } finally {
    options.signal?.removeEventListener('abort', abort);
    stop.abort();
  }
}
