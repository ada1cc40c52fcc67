/** The combined progress of engine and weights. */

import type { LoadProgress } from '../index.d.ts';

/** The progress of one of the two. */
export type Part = Omit<LoadProgress, 'fraction'>;

/**
 * @param engine bytes of the engine that must be fetched
 * @param weights bytes of the model, if they are known before `model.json` has arrived
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
