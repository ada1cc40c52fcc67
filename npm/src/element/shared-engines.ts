/** One upscaler for all elements with the same model and device, because each holds an engine and weights in memory. */

import type { Device } from '../index.d.ts';
import { Upscaler } from '../page/upscaler.ts';

interface Entry {
  made: Promise<Upscaler>;
  users: number;
}

const entries = new Map<string, Entry>();

/** The use of a shared upscaler, until it is released. */
export class Shared {
  readonly #entry: Entry;
  readonly #release: () => void;
  #held = true;

  constructor(
    readonly model: string | undefined,
    readonly device: Device,
  ) {
    const key = `${model} ${device}`;
    const stop = new AbortController();
    let entry = entries.get(key);
    const forget = (): void => {
      if (entries.get(key) === entry) entries.delete(key);
    };
    if (entry === undefined) {
      const made = Upscaler.create({ ...(model === undefined ? {} : { model }), device, signal: stop.signal });
      entries.set(key, (entry = { made, users: 0 }));
      made.catch(forget);
    }
    const own = (this.#entry = entry);
    own.users++;
    this.#release = () => {
      if (--own.users > 0) return;
      forget();
      stop.abort();
      own.made.then(
        (upscaler) => upscaler.dispose(),
        () => undefined,
      );
    };
  }

  get upscaler(): Promise<Upscaler> {
    return this.#entry.made;
  }

  /** After the last use, the engine or its download ends. */
  release(): void {
    if (this.#held) this.#release();
    this.#held = false;
  }
}
