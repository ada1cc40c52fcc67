/** Attributes and properties of the element, as templates set them. */

import type { Device } from '../index.js';

/** Words in place of the element's own, by what they are for. */
type Texts = {
  [text in `text-${'start' | 'cancel' | 'download' | 'running' | 'loading' | 'step' | 'done' | 'cancelled' | 'required' | 'error'}`]?: string;
};

/** What markup can set, beside what every element has. */
export interface ResShiftAttributes extends Texts {
  /** Where the picture is. */
  src?: string;
  /** A picture as a file, in place of the one at `src`. */
  file?: Blob | null;
  /** A description of the picture. */
  alt?: string;
  /** Buttons. Without them a run starts by itself. */
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
  /** It takes no part. */
  disabled?: boolean;
}
