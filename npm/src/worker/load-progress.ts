/** How far engine and weights have come together. */

import type { LoadProgress } from '../index.d.ts';

/** What one of the two says. */
export type Part = Omit<LoadProgress, 'fraction'>;

/**
 * @param engine bytes that are to be fetched of the engine
 * @param weights bytes of the model, as far as they are known before its description has come
 * @returns a function that adds the overall fraction, which never falls
 */
export function overallProgress(engine: number, weights: number): (part: Part) => LoadProgress {
  const loaded = { engine: 0, weights: 0, ready: 0 };
  let fraction = 0;
  return (part) => {
    loaded[part.phase] = part.loaded;
    if (part.phase === 'weights') weights = part.total;
    const now = (loaded.engine + loaded.weights) / (Math.max(engine, loaded.engine) + weights);
    fraction = part.phase === 'ready' ? 1 : Math.max(fraction, Math.min(now, 0.99));
    return { ...part, fraction };
  };
}
