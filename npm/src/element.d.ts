/** `<resshift-upscaler src controls>`; importing this module registers it. */

import type { Result, RunProgress, Tile, UpscalerError } from './index.js';

/**
 * Attributes: `src` (the picture), `alt`, `controls` (buttons; without it a run starts by itself when `src` is set), `steps`,
 * `seed`, `model`, `device` (as in `Upscaler`), `name` and `disabled` (in a form, whose value is the result as a file).
 * Parts to style: `image`, `preview`, `progress`, `status`, `controls`, `start`, `cancel`, `download`.
 */
export class ResShiftElement extends HTMLElement {
  /** It takes part in forms. */
  static readonly formAssociated: true;
  /** The last result; null before the first and after `src` has changed. */
  readonly result: Result | null;
  /** The form around it, if there is one. */
  readonly form: HTMLFormElement | null;
  /** The attribute `name`: the key of its value in a form. */
  readonly name: string;
  /** Upscales the picture at `src`. Rejects with what the event `error` carries. */
  start(): Promise<Result>;
  /** Ends the run, if there is one. */
  cancel(): void;
}

/** Events of the element; none of them bubbles. */
export interface ResShiftElementEvents {
  /** After every evaluation of the network. */
  progress: CustomEvent<RunProgress>;
  /** For every finished part. */
  tile: CustomEvent<Tile>;
  /** At the end, with the result. */
  done: CustomEvent<Result>;
  /** A run has failed, or was cancelled. */
  error: CustomEvent<UpscalerError>;
}

declare global {
  interface HTMLElementTagNameMap {
    'resshift-upscaler': ResShiftElement;
  }
}
