/** `<resshift-upscaler src controls>`; importing this module registers it. */

import type { Result, RunProgress, Tile, UpscalerError } from './index.js';

/**
 * Attributes: `src` (the picture), `alt`, `controls` (buttons; without it a run starts by itself when there is a picture), `steps`,
 * `seed`, `model`, `device` (as in `Upscaler`), `name`, `required` and `disabled` (in a form, whose value is the result as a file).
 * Parts to style: `image`, `preview`, `progress`, `status`, `controls`, `start`, `cancel`, `download`.
 * It speaks English, Spanish, Japanese, simplified Chinese or Vietnamese, depending on the `lang` attribute around it; errors too. To
 * change its words, use the slots `start`, `cancel` and `download` of the buttons, or the attributes `text-start`, `text-cancel`,
 * `text-download`, `text-running`, `text-loading`, `text-step` (with `{step}`, `{steps}`), `text-done` (`{width}`, `{height}`),
 * `text-cancelled`, `text-required` and `text-error` (`{message}`, `{advice}`, `{code}`). Elements with the same `model` and `device` share an engine.
 */
export class ResShiftElement extends HTMLElement {
  /** It takes part in forms. */
  static readonly formAssociated: true;
  /** The attribute `src`: the picture's address. */
  src: string;
  /** A picture as a file, used instead of the one at `src`; null to use `src` again. */
  file: Blob | null;
  /** The last result; null before the first and after the picture has changed. */
  readonly result: Result | null;
  /** The form around it, if there is one. */
  readonly form: HTMLFormElement | null;
  /** The attribute `name`: the key of its value in a form. */
  name: string;
  /** As for form fields: `valueMissing` if it is `required` and has no result. */
  readonly validity: ValidityState;
  /** As for form fields. */
  readonly validationMessage: string;
  /** As for form fields. */
  readonly willValidate: boolean;
  /** As for form fields. */
  checkValidity(): boolean;
  /** As for form fields. */
  reportValidity(): boolean;
  /** Upscales `file`, or the picture at `src`. Rejects with what the event `error` carries. */
  start(): Promise<Result>;
  /** Cancels the run, if there is one. */
  cancel(): void;
  /** As for every element, with the `detail` of this one's events. */
  addEventListener<K extends keyof ResShiftElementEvents>(
    type: K,
    listener: (this: ResShiftElement, event: ResShiftElementEvents[K]) => unknown,
    options?: boolean | AddEventListenerOptions,
  ): void;
  /** As for every element. */
  addEventListener<K extends keyof HTMLElementEventMap>(
    type: Exclude<K, keyof ResShiftElementEvents>,
    listener: (this: ResShiftElement, event: HTMLElementEventMap[K]) => unknown,
    options?: boolean | AddEventListenerOptions,
  ): void;
  /** As for every element. */
  addEventListener(type: string, listener: EventListenerOrEventListenerObject, options?: boolean | AddEventListenerOptions): void;
}

/** Events of the element. None of them bubbles. */
export interface ResShiftElementEvents {
  /** When tiles of a step are done. */
  progress: CustomEvent<RunProgress>;
  /** For each tile, at the end of a run (see `onTile`). */
  tile: CustomEvent<Tile>;
  /** At the end, with the result. */
  done: CustomEvent<Result>;
  /** When a run has failed or was cancelled. */
  error: CustomEvent<UpscalerError>;
}

declare global {
  interface HTMLElementTagNameMap {
    'resshift-upscaler': ResShiftElement;
  }
}
