/** Sizes of canvases. */

import { canvas } from '../../../limits.json';

/** Whether every browser draws a canvas of this size. Safari has the lowest limits. */
export function fitsCanvas(width: number, height: number): boolean {
  return width * height <= canvas.pixels && Math.max(width, height) <= canvas.side;
}
