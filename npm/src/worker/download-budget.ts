/**
 * Limits the memory of shards that are being downloaded, in bytes. The first in line always has room, so that one can always finish.
 * Those behind it share the limit less the largest shard in line, and wait when that is full.
 */
export class DownloadBudget {
  readonly #limit: number;
  readonly #places = new Map<number, { size: number; held: number }>();
  #waiting: (() => void)[] = [];

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** A shard of `size` bytes takes its place in line. */
  enter(place: number, size: number): void {
    this.#places.set(place, { size, held: 0 });
  }

  /** Waits until the shard may hold `more` bytes in addition, and reserves them. */
  async take(place: number, more: number): Promise<void> {
    while (place !== this.#first() && this.#taken() + more > this.#limit) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    const at = this.#places.get(place);
    if (at) at.held += more;
  }

  /** Sets the number of bytes that the shard holds. */
  hold(place: number, bytes: number): void {
    const at = this.#places.get(place);
    if (at === undefined) return;
    const less = bytes < at.held;
    at.held = bytes;
    if (less) this.#notify();
  }

  leave(place: number): void {
    this.#places.delete(place);
    this.#notify();
  }

  #first(): number {
    return Math.min(...this.#places.keys());
  }

  #taken(): number {
    const first = this.#first();
    let [largest, behind] = [0, 0];
    for (const [place, { size, held }] of this.#places) {
      largest = Math.max(largest, size);
      if (place !== first) behind += held;
    }
    return largest + behind;
  }

  #notify(): void {
    for (const resume of this.#waiting.splice(0)) resume();
  }
}
