/** Rough speed of this CPU before the first run, from the time of a small loop of multiplications. */

/** Numbers in the loop, and its repetitions; together a few milliseconds. */
const LENGTH = 4096;
const ROUNDS = 128;
const TRIES = 6;
/** One pixel in one step of the default model, on one thread, costs as much as this many numbers in the loop. */
const NUMBERS_PER_PIXEL = 23_000;

let pace: number | null = null;

/** Seconds per pixel and step of the default model, within about 50 %. */
export function roughPace(): number {
  pace ??= Math.min(...Array.from({ length: TRIES }, loop)) * NUMBERS_PER_PIXEL;
  return pace;
}

/** Seconds per number. */
function loop(): number {
  const [sums, values] = [new Float32Array(LENGTH), new Float32Array(LENGTH).fill(0.5)];
  const begun = performance.now();
  for (let round = 0; round < ROUNDS; round++) for (let i = 0; i < LENGTH; i++) sums[i] = sums[i]! * 0.5 + values[i]!;
  return (performance.now() - begun) / 1000 / (LENGTH * ROUNDS);
}
