/**
 * Stores snapshots of runs beside the pictures (`keeper.ts`), so that a run resumes after a crash. If there is no space for them, the
 * run starts again.
 */
import { createStore, delMany, get, keys, set, type UseStore } from 'idb-keyval';
import type { Snapshot } from 'resshift-web';
import { within } from '../time-limit.ts';

const DATABASE = 'resshift snapshots';

/** Small, except for its data, which stay on the disk until they are read. */
export interface KeptSnapshot extends Snapshot {
  /** Seconds that the run had taken so far. */
  seconds: number;
}

export class Snapshots {
  private store: UseStore | null = null;
  private last: Promise<void> = Promise.resolve();
  private busy = false;
  /** Pictures that may have a snapshot, of this visit or adopted from an earlier one. */
  private readonly owners = new Set<number>();

  /** Starts storing snapshots, and deletes those of other pictures than these. */
  async open(ids: readonly number[]): Promise<void> {
    try {
      const store = createStore(DATABASE, 'snapshots');
      await delMany(
        (await keys<number>(store)).filter((id) => !ids.includes(id)),
        store,
      );
      this.store = store;
    } catch {
      // Storage is blocked: runs start again.
    }
  }

  /** Replaces the previous one. A snapshot that arrives while another one is being written is dropped. */
  put(id: number, snapshot: Snapshot, seconds: number): void {
    if (!this.store || this.busy) return;
    this.busy = true;
    this.owners.add(id);
    this.queue(async (store) => {
      try {
        const { quota = Infinity, usage = 0 } = await navigator.storage.estimate();
        // Results need the space more.
        if (snapshot.data.size > (quota - usage) / 4) return;
        await set(id, { ...snapshot, seconds } satisfies KeptSnapshot, store);
      } finally {
        this.busy = false;
      }
    });
  }

  /** Takes over these pictures of the last tab. */
  adopt(ids: readonly number[]): void {
    for (const id of ids) this.owners.add(id);
  }

  /** Deletes snapshots of pictures that no longer exist. */
  sync(ids: readonly number[]): void {
    this.drop(...[...this.owners].filter((id) => !ids.includes(id)));
  }

  drop(...ids: readonly number[]): void {
    const known = ids.filter((id) => this.owners.delete(id));
    if (known.length > 0) this.queue((store) => delMany(known, store));
  }

  async find(id: number): Promise<KeptSnapshot | undefined> {
    const { store } = this;
    if (!store) return undefined;
    return within(this.last.then(() => get<KeptSnapshot>(id, store))).catch(() => undefined);
  }

  /** Runs one operation after the other. A failed one counts as absent. */
  private queue(work: (store: UseStore) => Promise<void>): void {
    const { store } = this;
    if (store) this.last = this.last.then(() => work(store)).catch(() => {});
  }
}
