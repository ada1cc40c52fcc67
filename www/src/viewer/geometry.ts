/** Position of a picture in its frame. Lengths are in CSS pixels unless noted. No DOM. */
import type { Size } from '../size.ts';

/** `fit`: the whole picture; a number: screen pixels per pixel of the picture. */
export type Zoom = 'fit' | number;

export interface Rect extends Size {
  left: number;
  top: number;
}

/** Maximum CSS pixels per picture pixel for `fit`, for tiny pictures. */
const LARGEST_FIT = 2;
/** A larger zoom shows nothing more. */
const LARGEST_ZOOM = 16;

/** CSS pixels per picture pixel that show the whole picture. */
function fitScale(frame: Size, picture: Size): number {
  return Math.min(frame.width / picture.width, frame.height / picture.height, LARGEST_FIT);
}

/** Whether two copies of a picture are larger one below the other than side by side. */
export function isLargerBelow({ width, height }: Size, picture: Size): boolean {
  return fitScale({ width, height: height / 2 }, picture) > fitScale({ width: width / 2, height }, picture);
}

/** `zoom`, clamped: at least the whole picture, or 1:1 if that is less; at most 16 screen pixels per pixel. */
export function clampZoom(frame: Size, picture: Size, zoom: number, density: number): Zoom {
  const fit = fitScale(frame, picture) * density;
  const wanted = Math.max(zoom, Math.min(fit, 1));
  return Math.abs(wanted / fit - 1) < 1e-6 ? 'fit' : Math.min(wanted, LARGEST_ZOOM);
}

/** What `fit` is as a number. */
export function zoomOf(frame: Size, picture: Size, zoom: Zoom, density: number): number {
  return zoom === 'fit' ? fitScale(frame, picture) * density : zoom;
}

/**
 * @param frame the frame's size
 * @param origin the frame's position on the page, needed to align picture pixels with screen pixels
 * @param picture size of the (enlarged) picture in its own pixels
 * @param pan the picture's centre relative to the frame's; ignored for `fit`
 * @param density screen pixels per CSS pixel
 */
export function place(
  frame: Size,
  origin: { left: number; top: number },
  picture: Size,
  zoom: Zoom,
  pan: { x: number; y: number },
  density: number,
): Rect {
  const scale = zoom === 'fit' ? fitScale(frame, picture) : zoom / density;
  const width = picture.width * scale;
  const height = picture.height * scale;
  if (zoom === 'fit') return { left: (frame.width - width) / 2, top: (frame.height - height) / 2, width, height };
  const snap = (offset: number, start: number) => Math.round((start + offset) * density) / density - start;
  return {
    left: snap((frame.width - width) / 2 + pan.x, origin.left),
    top: snap((frame.height - height) / 2 + pan.y, origin.top),
    width,
    height,
  };
}

/** `pan`, clamped so that a picture larger than the frame leaves no gap. `shown` is its size on screen, in CSS pixels. */
export function clampPan(frame: Size, shown: Size, pan: { x: number; y: number }): { x: number; y: number } {
  const clamp = (value: number, room: number) => Math.min(room, Math.max(-room, value));
  return {
    x: clamp(pan.x, Math.max(0, (shown.width - frame.width) / 2)),
    y: clamp(pan.y, Math.max(0, (shown.height - frame.height) / 2)),
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
