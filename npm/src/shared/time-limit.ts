/** A browser's storage may never answer, for example after an update or a crash. So every wait for it has a limit. */

/** Milliseconds within which a browser's storage must answer. */
export const ANSWER_MS = 5000;

/** Thrown when the time is over. */
export class Silence extends Error {}

/** @throws Silence if there is no answer in time; a later answer is ignored */
export async function within<T>(answer: Promise<T>, ms = ANSWER_MS): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const over = new Promise<never>((_, reject) => (timer = setTimeout(() => reject(new Silence()), ms)));
  try {
    return await Promise.race([answer, over]);
  } finally {
    clearTimeout(timer);
  }
}
