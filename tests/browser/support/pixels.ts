/** Pictures as numbers. Decoding is the browser's; the file's own header is read here. */
import type { Page } from '@playwright/test';

export interface Pixels {
  width: number;
  height: number;
  /** RGBA. */
  data: Uint8Array;
}

/** Size as a PNG file states it. */
export function pngSize(file: Buffer): { width: number; height: number } {
  if (file.toString('latin1', 1, 4) !== 'PNG') throw new Error('not a PNG file');
  return { width: file.readUInt32BE(16), height: file.readUInt32BE(20) };
}

/** @param scale enlarges with the browser's best interpolation */
export async function decode(page: Page, file: Buffer, scale = 1): Promise<Pixels> {
  const found = await page.evaluate(
    async ({ base64, scale }) => {
      const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
      const bitmap = await createImageBitmap(new Blob([bytes]));
      const canvas = new OffscreenCanvas(bitmap.width * scale, bitmap.height * scale);
      const context = canvas.getContext('2d')!;
      context.imageSmoothingQuality = 'high';
      context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
      const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
      let text = '';
      for (let i = 0; i < data.length; i += 8192) text += String.fromCharCode(...data.subarray(i, i + 8192));
      return { width: canvas.width, height: canvas.height, base64: btoa(text) };
    },
    { base64: file.toString('base64'), scale },
  );
  return { width: found.width, height: found.height, data: Buffer.from(found.base64, 'base64') };
}

/** Largest and mean difference of two pictures of the same size, in 1/255. */
export function difference(a: Pixels, b: Pixels): { max: number; mean: number } {
  if (a.width !== b.width || a.height !== b.height) throw new Error('the pictures differ in size');
  let max = 0;
  let sum = 0;
  for (let i = 0; i < a.data.length; i++) {
    const d = Math.abs(a.data[i]! - b.data[i]!);
    max = Math.max(max, d);
    sum += d;
  }
  return { max, mean: sum / a.data.length };
}

/** Mean of each block of 4 x 4 pixels: what the small picture must have looked like. */
export function reduced({ width, height, data }: Pixels): Pixels {
  const out = { width: width / 4, height: height / 4, data: new Uint8Array(data.length / 16) };
  for (let y = 0; y < out.height; y++) {
    for (let x = 0; x < out.width; x++) {
      for (let c = 0; c < 4; c++) {
        let sum = 0;
        for (let k = 0; k < 16; k++) sum += data[((4 * y + (k >> 2)) * width + 4 * x + (k & 3)) * 4 + c]!;
        out.data[(y * out.width + x) * 4 + c] = Math.round(sum / 16);
      }
    }
  }
  return out;
}
