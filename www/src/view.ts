/** Where a picture lies in its frame. Lengths in CSS pixels unless said otherwise; no DOM. */

/** `fit`: the whole picture. `actual`: one pixel of the picture on one pixel of the screen. */
export type Zoom = 'fit' | 'actual';

export interface Size {
  width: number;
  height: number;
}

export interface Rect extends Size {
  left: number;
  top: number;
}

/** A tiny picture is not blown up further than this many CSS pixels per picture pixel. */
const LARGEST_FIT = 2;

/**
 * @param frame the frame's size
 * @param origin the frame's position on the page; picture pixels can only meet screen pixels if it is known
 * @param picture size of the (enlarged) picture in its own pixels
 * @param pan the picture's centre relative to the frame's, used by `actual` only
 * @param density screen pixels per CSS pixel
 */
export function place(
  frame: Size, origin: { left: number; top: number }, picture: Size, zoom: Zoom, pan: { x: number; y: number }, density: number,
): Rect {
  if (zoom === 'fit') {
    const scale = Math.min(frame.width / picture.width, frame.height / picture.height, LARGEST_FIT);
    const width = picture.width * scale;
    const height = picture.height * scale;
    return { left: (frame.width - width) / 2, top: (frame.height - height) / 2, width, height };
  }
  const width = picture.width / density;
  const height = picture.height / density;
  const snap = (offset: number, start: number) => Math.round((start + offset) * density) / density - start;
  return {
    left: snap((frame.width - width) / 2 + pan.x, origin.left),
    top: snap((frame.height - height) / 2 + pan.y, origin.top),
    width,
    height,
  };
}

/** The pan nearest to `pan` that leaves no gap beside a picture larger than the frame. */
export function clampPan(frame: Size, picture: Size, pan: { x: number; y: number }, density: number): { x: number; y: number } {
  const clamp = (value: number, room: number) => Math.min(room, Math.max(-room, value));
  return {
    x: clamp(pan.x, Math.max(0, (picture.width / density - frame.width) / 2)),
    y: clamp(pan.y, Math.max(0, (picture.height / density - frame.height) / 2)),
  };
}

/** The part of the picture that the frame shows. */
export function visible(frame: Size, picture: Rect): Rect {
  const left = Math.max(0, picture.left);
  const top = Math.max(0, picture.top);
  return {
    left,
    top,
    width: Math.max(0, Math.min(frame.width, picture.left + picture.width) - left),
    height: Math.max(0, Math.min(frame.height, picture.top + picture.height) - top),
  };
}
