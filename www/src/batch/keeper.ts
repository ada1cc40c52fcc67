/**
 * Stores the batch, so that it survives the tab: pictures, their states and unsaved results stay in this browser until they are saved,
 * removed or a week old. Only one tab at a time stores its batch. The lock of a crashed tab is free again.
 */
import { createStore, delMany, entries, set, type UseStore } from 'idb-keyval';
import { Silence, within } from '../time-limit.ts';
import type { Item } from './queue.ts';
import { Snapshots } from './snapshots.ts';

const DATABASE = 'resshift batch';
const LIFE = 7 * 24 * 3600 * 1000;

interface Kept<Result> {
  time: number;
  item: Item<Result>;
}

export class Keeper<Result> {
  /** Snapshots of the stored pictures. */
  readonly snapshots = new Snapshots();
  private store: UseStore | null = null;
  /** The contents of the store, as last written. */
  private readonly written = new Map<number, Item<Result>>();
  private writing: Promise<unknown> = Promise.resolve();

  /** @param onFailure called once if the browser cannot store the batch */
  constructor(private readonly onFailure: () => void) {}

  /**
   * Lets `sync` write. The items of the last tab stay until they are adopted.
   * @returns those items, in order; none if another tab is open, or if storage is blocked or does not answer
   */
  async open(): Promise<Item<Result>[]> {
    try {
      return await within(this.read());
    } catch (error) {
      if (error instanceof Silence) this.onFailure();
      return [];
    }
  }

  private async read(): Promise<Item<Result>[]> {
    if (!(await holdLock())) return [];
    const store = createStore(DATABASE, 'items');
    const found = (await entries<number, Kept<Result>>(store)).sort(([a], [b]) => a - b);
    const old = found.filter(([, { time }]) => Date.now() - time > LIFE);
    await delMany(
      old.map(([id]) => id),
      store,
    );
    const fresh = found.filter((entry) => !old.includes(entry)).map(([, { item }]) => item);
    await this.snapshots.open(fresh.map(({ id }) => id));
    this.store = store;
    return fresh;
  }

  /** Takes over the items of the last tab. The next `sync` deletes those that it is not given. */
  adopt(left: readonly Item<Result>[]): void {
    for (const item of left) this.written.set(item.id, item);
    this.snapshots.adopt(left.map(({ id }) => id));
  }

  /**
   * Makes the store equal to the items. Each change is one small write, in order.
   * @param all all items, including those that are not stored
   */
  sync(items: readonly Item<Result>[], all: readonly Item<Result>[]): void {
    this.snapshots.sync(all.map(({ id }) => id));
    const { store } = this;
    if (!store) return;
    const wanted = new Map(items.map((item) => [item.id, item]));
    const gone = [...this.written.keys()].filter((id) => !wanted.has(id));
    const changed = items.filter((item) => isNews(this.written.get(item.id), item));
    if (gone.length === 0 && changed.length === 0) return;
    for (const id of gone) this.written.delete(id);
    for (const item of changed) this.written.set(item.id, item);
    this.writing = this.writing
      .then(async () => {
        await delMany(gone, store);
        for (const item of changed) await set(item.id, { time: Date.now(), item: atRest(item) } satisfies Kept<Result>, store);
      })
      .catch(() => {
        this.store = null;
        this.onFailure();
      });
  }
}

/** Whether an item changed in more than its progress. */
function isNews<Result>(before: Item<Result> | undefined, now: Item<Result>): boolean {
  return !before || before.state !== now.state || before.file !== now.file || before.result !== now.result;
}

/** The item as the next tab finds it: the current picture waits, and resumes from its snapshot if it has one. */
function atRest<Result>(item: Item<Result>): Item<Result> {
  return item.state === 'working' ? { ...item, state: 'waiting', fraction: 0 } : item;
}

/** Held until the tab is closed. */
function holdLock(): Promise<boolean> {
  return new Promise((resolve) => {
    if (!navigator.locks) return resolve(false);
    void navigator.locks.request(DATABASE, { ifAvailable: true }, (lock) => {
      resolve(lock !== null);
      return lock ? new Promise<never>(() => {}) : undefined;
    });
  });
}
