/** The pictures of a batch and their states. Every change goes through here. No DOM, no engine. */

export type State = 'waiting' | 'working' | 'done' | 'failed';

export interface Item<Result> {
  readonly id: number;
  readonly name: string;
  readonly file: Blob;
  readonly state: State;
  /** Share of the work done, 0 to 1. */
  readonly fraction: number;
  /** Why it failed; empty in other states. */
  readonly reason: string;
  /** Null unless the state is `done`. */
  readonly result: Result | null;
  /** Whether the result was saved to a file. */
  readonly saved: boolean;
}

export class Queue<Result> {
  private list: Item<Result>[] = [];
  /** Ids of this visit are larger than those of earlier ones. */
  private lastId = Date.now();
  private readonly visit = this.lastId;
  private held = false;
  private onScreen = 0;

  /** @param onChange called after every change */
  constructor(public onChange: () => void = () => {}) {}

  get items(): readonly Item<Result>[] {
    return this.list;
  }

  /** The item whose picture is on screen; it may have been removed. */
  get selected(): number {
    return this.onScreen;
  }

  /** A paused queue finishes the current picture and starts no other one. */
  get paused(): boolean {
    return this.held;
  }

  /** Adds items of an earlier visit before those of this one. */
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

  /** The next picture; none while another one is being upscaled, or while the queue is paused. */
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

  /** Replaces an item's result. */
  exchange(id: number, result: Result): void {
    this.change(id, ['done'], { result, saved: false });
  }

  save(id: number): void {
    this.change(id, ['done'], { saved: true });
  }

  /** Items to store: unsaved results, and pictures of a batch, of one in progress, or of an earlier visit. */
  get worthKeeping(): readonly Item<Result>[] {
    const several = this.list.length > 1;
    return this.list.filter(({ id, state, saved }) => (state === 'done' ? !saved : state === 'working' || several || id <= this.visit));
  }

  fail(id: number, reason: string): void {
    this.change(id, ['working'], { state: 'failed', fraction: 0, reason });
  }

  /** Puts an item back into the queue, after a cancelled or failed run or to upscale it again. */
  again(id: number): void {
    this.change(id, ['working', 'failed', 'done'], { state: 'waiting', fraction: 0, reason: '', result: null, saved: false });
  }

  /** Replaces an item's file. */
  replace(id: number, file: Blob): void {
    this.again(id);
    this.change(id, ['waiting'], { file });
  }

  remove(id: number): void {
    this.list = this.list.filter((item) => item.id !== id);
    this.onChange();
  }

  /** Removes all items except the one on screen. */
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

  /** Late changes to an item that was removed, or is in another state, are ignored. */
  private change(id: number, from: readonly State[], to: Partial<Item<Result>>): void {
    const index = this.list.findIndex((item) => item.id === id);
    const item = this.list[index];
    if (!item || !from.includes(item.state)) return;
    this.list[index] = { ...item, ...to };
    this.onChange();
  }
}
