/** One tab at a time loads or imports a model. */

import { ANSWER_MS } from '../shared/time-limit.ts';

/** Maximum wait for another tab that loads the same model. */
const LOCK_MS = 2 * ANSWER_MS;

/** The name of a model's lock. */
export function lockOf(model: string): string {
  return `resshift ${model}`;
}

/**
 * Runs `work` while no other tab loads this model, or immediately if the browser has no locks. A frozen tab, or a browser that does not
 * answer, would hold the lock forever. So after {@link LOCK_MS} the work begins without it; at worst, bytes are downloaded twice.
 */
export async function withModelLock<T>(model: string, work: () => Promise<T>): Promise<T> {
  if (!navigator.locks) return work();
  let begun: Promise<T> | undefined;
  const begin = (): Promise<T> => (begun ??= work());
  const waiting = new AbortController();
  const held = navigator.locks.request(lockOf(model), { signal: waiting.signal }, begin) as Promise<T>;
  held.catch(() => undefined);
  const over = new Promise<void>((resolve) => setTimeout(resolve, LOCK_MS));
  await Promise.race([held, over]).catch(() => undefined);
  if (begun === undefined) waiting.abort();
  return begin();
}
