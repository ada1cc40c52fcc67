/** The pictures of a batch and what has become of each. No DOM, no engine: every change goes through here. */

export type State = 'waiting' | 'working' | 'done' | 'failed';

export interface Item<Result> {
  readonly id: number;
  readonly name: string;
  readonly file: Blob;
  readonly state: State;
  /** Share of the work done, 0 to 1. */
  readonly fraction: number;
  /** Why it failed; empty in every other state. */
  readonly reason: string;
  /** There in the state `done` only. */
  readonly result: Result | null;
  /** The result is in a file of its own. */
  readonly saved: boolean;
}

export class Queue<Result> {
  private list: Item<Result>[] = [];
  /** Numbers of one visit lie above those of an earlier one. */
  private lastId = Date.now();
  private readonly visit = this.lastId;
  private held = false;
  private onScreen = 0;

  /** @param onChange told after every change */
  constructor(public onChange: () => void = () => {}) {}

  get items(): readonly Item<Result>[] {
    return this.list;
  }

  /** The item whose picture is on screen; it may have been removed. */
  get selected(): number {
    return this.onScreen;
  }

  /** A paused queue finishes the current picture and starts no other. */
  get paused(): boolean {
    return this.held;
  }

  /** Items of an earlier visit, before those that are worth keeping. */
  restore(items: readonly Item<Result>[]): void {
    this.list = [...items, ...this.worthKeeping];
    this.onChange();
  }

  find(id: number): Item<Result> | undefined {
    return this.list.find((item) => item.id === id);
  }

  count(state: State): number {
    return this.list.filter((item) => item.state === state).length;
  }

  /** @returns the new items, waiting, in the order of the files */
  add(files: readonly { file: Blob; name: string }[]): Item<Result>[] {
    const added = files.map(
      ({ file, name }): Item<Result> => ({
        id: ++this.lastId,
        name,
        file,
        state: 'waiting',
        fraction: 0,
        reason: '',
        result: null,
        saved: false,
      }),
    );
    this.list.push(...added);
    this.onChange();
    return added;
  }

  /** The picture to work on next; none while another is worked on or the queue is paused. */
  next(): Item<Result> | undefined {
    if (this.held || this.count('working') > 0) return undefined;
    return this.list.find(({ state }) => state === 'waiting');
  }

  begin(id: number): void {
    this.change(id, ['waiting'], { state: 'working', fraction: 0 });
  }

  progress(id: number, fraction: number): void {
    this.change(id, ['working'], { fraction });
  }

  finish(id: number, result: Result): void {
    this.change(id, ['working'], { state: 'done', fraction: 1, result });
  }

  /** Another result in the place of an item's own. */
  exchange(id: number, result: Result): void {
    this.change(id, ['done'], { result, saved: false });
  }

  save(id: number): void {
    this.change(id, ['done'], { saved: true });
  }

  /** What would be lost with the tab: results that were not saved, and pictures of a batch, in work or of an earlier visit. */
  get worthKeeping(): readonly Item<Result>[] {
    const several = this.list.length > 1;
    return this.list.filter(({ id, state, saved }) => (state === 'done' ? !saved : state === 'working' || several || id <= this.visit));
  }

  fail(id: number, reason: string): void {
    this.change(id, ['working'], { state: 'failed', fraction: 0, reason });
  }

  /** Back to the queue: after a cancelled or failed run, or to be done once more. */
  again(id: number): void {
    this.change(id, ['working', 'failed', 'done'], { state: 'waiting', fraction: 0, reason: '', result: null, saved: false });
  }

  /** Another file in the place of an item's own. */
  replace(id: number, file: Blob): void {
    this.again(id);
    this.change(id, ['waiting'], { file });
  }

  remove(id: number): void {
    this.list = this.list.filter((item) => item.id !== id);
    this.onChange();
  }

  /** Removes all items but the one on screen. */
  keepSelected(): void {
    this.list = this.list.filter(({ id }) => id === this.onScreen);
    this.onChange();
  }

  select(id: number): void {
    this.onScreen = id;
    this.onChange();
  }

  clear(): void {
    this.list = [];
    this.held = false;
    this.onChange();
  }

  pause(held: boolean): void {
    this.held = held;
    this.onChange();
  }

  /** What comes too late, for an item that was removed or is in another state, changes nothing. */
  private change(id: number, from: readonly State[], to: Partial<Item<Result>>): void {
    const index = this.list.findIndex((item) => item.id === id);
    const item = this.list[index];
    if (!item || !from.includes(item.state)) return;
    this.list[index] = { ...item, ...to };
    this.onChange();
  }
}
