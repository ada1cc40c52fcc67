/** Storage may never answer: browsers have shown it after an update or a crash. Nothing here waits for it without a limit. */

/** Milliseconds in which a browser's storage answers. */
export const ANSWER_MS = 5000;

/** What a wait ends with when its time is over. */
export class Silence extends Error {}

/** @throws Silence if there is no answer within the time; what comes later is ignored */
export async function within<T>(answer: Promise<T>, ms = ANSWER_MS): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const over = new Promise<never>((_, reject) => (timer = setTimeout(() => reject(new Silence()), ms)));
  try {
    return await Promise.race([answer, over]);
  } finally {
    clearTimeout(timer);
  }
}
