/** The pictures of this page with their results, and what keeps them in the browser. */
import { resultName } from './file-name.ts';
import { Keeper } from './kept.ts';
import { Queue } from './queue.ts';
import { showStrip } from './strips.ts';
import { text, type Outcome } from './text.ts';

/** A finished picture. */
export interface Done {
  blob: Blob;
  /** Of its size, for the file's name. */
  mark: string;
  width: number;
  height: number;
  /** What the panel tells of it. */
  outcome: Outcome;
}

export const queue = new Queue<Done>();
export const keeper = new Keeper<Done>(() => showStrip('kept', () => text.notKept));

/** @param of name of the picture that it was made of */
export function fileName(of: string, { blob, mark }: Done): string {
  return resultName(of, blob.type, mark);
}
