/** Canvases that every browser draws, and files made of them. */

import limits from '../../../limits.json' with { type: 'json' };

/** Whether every browser draws a canvas of this size; Safari's limits are the lowest. */
export const fitsCanvas = (width: number, height: number): boolean =>
  width * height <= limits.canvas.pixels && Math.max(width, height) <= limits.canvas.side;

/** The bitmap, which is closed, as a PNG file. */
export async function toPng(bitmap: ImageBitmap): Promise<Blob> {
  const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
  canvas.getContext('2d')?.drawImage(bitmap, 0, 0);
  bitmap.close();
  return canvas.convertToBlob();
}
