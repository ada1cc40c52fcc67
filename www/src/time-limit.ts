/** Storage of the browser may never answer, as after an update or a crash; the page then goes on without it. */

/** Milliseconds in which it answers. */
const ANSWER_MS = 5000;

export class Silence extends Error {}

/** @throws Silence if there is no answer in time; what comes later is ignored */
export async function within<T>(answer: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const over = new Promise<never>((_, reject) => (timer = setTimeout(() => reject(new Silence()), ANSWER_MS)));
  try {
    return await Promise.race([answer, over]);
  } finally {
    clearTimeout(timer);
  }
}
