/** The page's state, which all parts read: no picture, a picture, a run, or a result. */
import type { Capabilities } from 'resshift-web';
import type { Outcome } from '../i18n/text.ts';
import { sizeOf, type Picture } from '../picture/picture.ts';
import type { Size } from '../size.ts';

export type Phase = 'empty' | 'ready' | 'working' | 'done';

interface Page {
  phase: Phase;
  /** The picture on screen. */
  picture: Picture | null;
  /** What the panel says about the last result. */
  lastOutcome: Outcome | null;
  /** Cancels the run in progress. */
  run: AbortController | null;
  /** What this browser can do; null until it is known. */
  capabilities: Capabilities | null;
}

export const page: Page = { phase: 'empty', picture: null, lastOutcome: null, run: null, capabilities: null };

/** Size of the picture on screen; null if the browser cannot read it. */
export function pictureSize(): Size | null {
  const image = page.picture?.image;
  return image ? sizeOf(image) : null;
}
