/** The pictures of this page with their results, and what keeps them in the browser. */
import { text, type Outcome } from '../i18n/text.ts';
import { showStrip } from '../notices/strips.ts';
import { Keeper } from './keeper.ts';
import { Queue } from './queue.ts';

/** A finished picture. */
export interface Done {
  blob: Blob;
  /** Marks its size in the file's name. */
  mark: string;
  width: number;
  height: number;
  /** What the panel tells of it. */
  outcome: Outcome;
}

export const queue = new Queue<Done>();
export const keeper = new Keeper<Done>(() => showStrip('kept', () => text.notKept));
