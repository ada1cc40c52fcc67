/** One picture that a person chose: checked as far as a browser can, ready to show and to upscale. */
import type { Input } from 'resshift-web';
import { emptyFile, notAnImage, PictureProblem } from '../notices/problem.ts';
import type { Size } from '../size.ts';
import limits from '../../../limits.json' with { type: 'json' };
import { toPng } from './canvas.ts';

export interface Picture {
  name: string;
  /** As it was chosen. */
  file: Blob;
  /** What the upscaler gets: the file itself, or its pixels where only the browser knows the format. */
  input: Input;
  /** Decoded and upright, or null where the browser cannot show the file; the upscaler then has the last word. */
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

/** The picture with no more than so many pixels, as a PNG file in sRGB. */
export async function smallerCopy(image: HTMLImageElement, pixels: number): Promise<Blob> {
  const { width, height } = sizeOf(image);
  const factor = Math.min(1, Math.sqrt(pixels / (width * height)), limits.canvas.side / Math.max(width, height));
  const side = (length: number): number => Math.max(1, Math.floor(length * factor));
  return toPng(await createImageBitmap(image, { resizeWidth: side(width), resizeHeight: side(height), resizeQuality: 'high' }));
}

/** PNG, JPEG, WebP, GIF, BMP and TIFF by their first bytes; names and media types lie too often. */
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
    // A decoded image keeps its pixels without the address.
    URL.revokeObjectURL(url);
  }
}
