/** What the page is at, for all its parts to read. It is empty, holds a picture, works on it, or holds its result. */
import type { Capabilities } from 'resshift-web';
import type { Outcome } from '../i18n/text.ts';
import { sizeOf, type Picture } from '../picture/picture.ts';
import type { Size } from '../size.ts';

export type Phase = 'empty' | 'ready' | 'working' | 'done';

interface Page {
  phase: Phase;
  /** The one on screen. */
  picture: Picture | null;
  /** What the panel says of the last result. */
  lastOutcome: Outcome | null;
  /** Ends the run that goes on. */
  run: AbortController | null;
  /** What this browser can do; null until that is known. */
  capabilities: Capabilities | null;
}

export const page: Page = { phase: 'empty', picture: null, lastOutcome: null, run: null, capabilities: null };

/** Size of the picture on screen; null if the browser cannot read it. */
export function pictureSize(): Size | null {
  const image = page.picture?.image;
  return image ? sizeOf(image) : null;
}
