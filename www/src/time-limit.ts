/** A browser's storage may never answer, for example after an update or a crash. The page then works without it. */

/** Milliseconds within which it must answer. */
const ANSWER_MS = 5000;

export class Silence extends Error {}

/** @throws Silence if there is no answer in time; a later answer is ignored */
export async function within<T>(answer: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const over = new Promise<never>((_, reject) => (timer = setTimeout(() => reject(new Silence()), ANSWER_MS)));
  try {
    return await Promise.race([answer, over]);
  } finally {
    clearTimeout(timer);
  }
}
