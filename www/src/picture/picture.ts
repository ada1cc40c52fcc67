/** A chosen picture, checked as far as the browser can, ready to show and to upscale. */
import type { Input } from 'resshift-web';
import { emptyFile, notAnImage, PictureProblem } from '../notices/problem.ts';
import type { Size } from '../size.ts';
import limits from '../../../limits.json' with { type: 'json' };
import { toPng } from './canvas.ts';

export interface Picture {
  name: string;
  /** The chosen file. */
  file: Blob;
  /** Input of the upscaler: the file itself, or the decoded image if only the browser knows the format. */
  input: Input;
  /** Decoded and upright; null if the browser cannot show the file. The upscaler may still read it. */
  image: HTMLImageElement | null;
}

export function sizeOf({ naturalWidth, naturalHeight }: HTMLImageElement): Size {
  return { width: naturalWidth, height: naturalHeight };
}

/** @throws PictureProblem for an empty file, and for one that neither browser nor upscaler can read. */
export async function readPicture(file: Blob, name: string): Promise<Picture> {
  if (file.size === 0) throw new PictureProblem(emptyFile(name));
  const native = await isReadByUpscaler(file);
  const image = await decode(file);
  if (native) return { name, file, input: file, image };
  if (image) return { name, file, input: image, image };
  throw new PictureProblem(notAnImage(name));
}

/** A copy with at most this many pixels, as a PNG file in sRGB. */
export async function smallerCopy(image: HTMLImageElement, pixels: number): Promise<Blob> {
  const { width, height } = sizeOf(image);
  const factor = Math.min(1, Math.sqrt(pixels / (width * height)), limits.canvas.side / Math.max(width, height));
  const side = (length: number): number => Math.max(1, Math.floor(length * factor));
  return toPng(await createImageBitmap(image, { resizeWidth: side(width), resizeHeight: side(height), resizeQuality: 'high' }));
}

/** PNG, JPEG, WebP, GIF, BMP and TIFF, by their first bytes, because names and media types are often wrong. */
async function isReadByUpscaler(file: Blob): Promise<boolean> {
  const head = String.fromCharCode(...new Uint8Array(await file.slice(0, 12).arrayBuffer()));
  return /^(\x89PNG|\xff\xd8\xff|GIF8|BM|II\*\0|MM\0\*|RIFF[\s\S]{4}WEBP)/.test(head);
}

async function decode(file: Blob): Promise<HTMLImageElement | null> {
  const url = URL.createObjectURL(file);
  const image = new Image();
  try {
    image.src = url;
    await image.decode();
    return image.naturalWidth > 0 && image.naturalHeight > 0 ? image : null;
  } catch {
    return null;
  } finally {
    // A decoded image no longer needs its address.
    URL.revokeObjectURL(url);
  }
}
