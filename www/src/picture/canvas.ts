/** Canvases that every browser draws, and files made of them. */

/** Safari's limits. */
export const LONGEST_SIDE = 16_384;
export const MOST_PIXELS = 4096 * 4096;

/** The bitmap, which is closed, as a PNG file. */
export async function toPng(bitmap: ImageBitmap): Promise<Blob> {
  const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
  canvas.getContext('2d')?.drawImage(bitmap, 0, 0);
  bitmap.close();
  return canvas.convertToBlob();
}
