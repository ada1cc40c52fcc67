/** The page's pictures with their results, and the stores that keep them in the browser. */
import { text, type Outcome } from '../i18n/text.ts';
import { showStrip } from '../notices/strips.ts';
import { Keeper } from './keeper.ts';
import { Queue } from './queue.ts';

/** A finished picture. */
export interface Done {
  blob: Blob;
  /** Size mark for the file's name. */
  mark: string;
  width: number;
  height: number;
  /** What the panel says about it. */
  outcome: Outcome;
}

export const queue = new Queue<Done>();
export const keeper = new Keeper<Done>(() => showStrip('kept', () => text.notKept));
