/** Attributes and properties of the element, as templates set them. */

import type { Device } from '../index.js';

/** Replacements for the element's own words. */
type Texts = {
  [text in `text-${'start' | 'cancel' | 'download' | 'running' | 'loading' | 'step' | 'done' | 'cancelled' | 'required' | 'error'}`]?: string;
};

/** What markup can set, beside the attributes of every element. */
export interface ResShiftAttributes extends Texts {
  /** The picture's address. */
  src?: string;
  /** A picture as a file, used instead of the one at `src`. */
  file?: Blob | null;
  /** A description of the picture. */
  alt?: string;
  /** Shows buttons. Without them a run starts by itself. */
  controls?: boolean;
  /** As in `Upscaler`. */
  steps?: number | string;
  /** As in `Upscaler`. */
  seed?: number | string;
  /** As in `Upscaler`. */
  model?: string;
  /** As in `Upscaler`. */
  device?: Device;
  /** The key of its value in a form. */
  name?: string;
  /** The form is not sent without its result. */
  required?: boolean;
  /** Disables the element and leaves it out of the form. */
  disabled?: boolean;
}
