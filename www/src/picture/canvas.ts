/** Limits of canvases, and files made from them. */

import limits from '../../../limits.json' with { type: 'json' };

/** Whether every browser draws a canvas of this size. Safari has the lowest limits. */
export const fitsCanvas = (width: number, height: number): boolean =>
  width * height <= limits.canvas.pixels && Math.max(width, height) <= limits.canvas.side;

/** Converts the bitmap into a PNG file, and closes it. */
export async function toPng(bitmap: ImageBitmap): Promise<Blob> {
  const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
  canvas.getContext('2d')?.drawImage(bitmap, 0, 0);
  bitmap.close();
  return canvas.convertToBlob();
}
