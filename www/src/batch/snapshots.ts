/**
 * The state of a picture in work, beside the picture itself (`keeper.ts`): after a crash its run goes on from there. Where there
 * is no room for it the run begins again.
 */
import { createStore, delMany, get, keys, set, type UseStore } from 'idb-keyval';
import type { Snapshot } from 'resshift-web';
import { within } from '../time-limit.ts';

const DATABASE = 'resshift snapshots';

/** Small but for its data, which stays on the disk until it is wanted. */
export interface KeptSnapshot extends Snapshot {
  /** That the run had taken so far. */
  seconds: number;
}

export class Snapshots {
  private store: UseStore | null = null;
  private last: Promise<void> = Promise.resolve();
  private busy = false;
  /** Pictures that may have one, of this visit or taken over from an earlier one. */
  private readonly owners = new Set<number>();

  /** From now on snapshots are kept. Of those that are there, pictures other than these do not need theirs. */
  async open(ids: readonly number[]): Promise<void> {
    try {
      const store = createStore(DATABASE, 'snapshots');
      await delMany(
        (await keys<number>(store)).filter((id) => !ids.includes(id)),
        store,
      );
      this.store = store;
    } catch {
      // Storage is blocked: runs begin again.
    }
  }

  /** Replaces the one before it. One that comes while another is still written is dropped. */
  put(id: number, snapshot: Snapshot, seconds: number): void {
    if (!this.store || this.busy) return;
    this.busy = true;
    this.owners.add(id);
    this.queue(async (store) => {
      try {
        const { quota = Infinity, usage = 0 } = await navigator.storage.estimate();
        // Results need the room more.
        if (snapshot.data.size > (quota - usage) / 4) return;
        await set(id, { ...snapshot, seconds } satisfies KeptSnapshot, store);
      } finally {
        this.busy = false;
      }
    });
  }

  /** These pictures belong to this tab from now on. */
  adopt(ids: readonly number[]): void {
    for (const id of ids) this.owners.add(id);
  }

  /** Drops those of pictures that are no longer there. */
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

  /** One after the other; what fails is as good as not there. */
  private queue(work: (store: UseStore) => Promise<void>): void {
    const { store } = this;
    if (store) this.last = this.last.then(() => work(store)).catch(() => {});
  }
}
