/** Anything that holds a picture, to what the worker takes. The caller's object is copied, never changed. */

import { badImage, imageTooLarge, noInput } from '../shared/error.ts';
import { maxPixels } from '../shared/limits.ts';
import type { Payload, Pixels } from '../shared/protocol.ts';

/** @throws UpscalerError `no-input`, `bad-image` */
export async function read(input: unknown): Promise<Payload> {
  // By tag rather than `instanceof`: objects from another frame are as good.
  switch (Object.prototype.toString.call(input).slice(8, -1)) {
    case 'Blob':
    case 'File':
      return bytes(input as Blob);
    case 'ArrayBuffer':
      return new Uint8Array((input as ArrayBuffer).slice(0));
    case 'Uint8Array':
      return new Uint8Array(input as Uint8Array);
    case 'ImageData':
      return pixels(input as ImageData);
    case 'ImageBitmap':
      return draw(input as ImageBitmap, (input as ImageBitmap).width, (input as ImageBitmap).height);
    case 'HTMLImageElement':
      return element(input as HTMLImageElement);
    default:
      throw noInput();
  }
}

async function bytes(blob: Blob): Promise<Payload> {
  try {
    return new Uint8Array(await blob.arrayBuffer());
  } catch {
    throw badImage('The file can no longer be read.', 'Choose it again.');
  }
}

function pixels({ width, height, data }: ImageData): Pixels {
  // Some browsers offer ImageData of floating-point numbers from 0 to 1.
  const bytes = data instanceof Uint8ClampedArray ? data : Array.from(data as ArrayLike<number>, (x) => x * 255);
  return { width, height, data: new Uint8ClampedArray(bytes) };
}

/** The pixels of a file that only the browser can decode, such as AVIF, or HEIC in Safari: 8 bits, in sRGB. */
export async function decodeByBrowser(input: unknown): Promise<Pixels | undefined> {
  const tag = Object.prototype.toString.call(input).slice(8, -1);
  if (!['Blob', 'File', 'ArrayBuffer', 'Uint8Array'].includes(tag)) return undefined;
  const file = tag === 'Blob' || tag === 'File' ? (input as Blob) : new Blob([input as ArrayBuffer]);
  const bitmap = await createImageBitmap(file).catch(() => undefined);
  if (bitmap === undefined) return undefined;
  try {
    return draw(bitmap, bitmap.width, bitmap.height);
  } finally {
    bitmap.close();
  }
}

async function element(image: HTMLImageElement): Promise<Pixels> {
  try {
    await image.decode();
  } catch {
    throw badImage('The image element holds no picture.', 'Check its address, or wait until it has loaded.');
  }
  return draw(image, image.naturalWidth, image.naturalHeight);
}

/** Longest side of a canvas that every browser draws, Safari too. */
const SIDE = 4096;

function draw(source: CanvasImageSource, width: number, height: number): Pixels {
  if (width === 0 || height === 0) {
    throw badImage('The picture has no pixels.', 'Pass an image that is open and has a size in pixels.');
  }
  const most = maxPixels();
  if (width * height > most) throw imageTooLarge(width, height, most);
  try {
    const context = new OffscreenCanvas(Math.min(width, SIDE), Math.min(height, SIDE)).getContext('2d', { willReadFrequently: true });
    if (context === null) throw new Error('no canvas');
    const data = new Uint8ClampedArray(4 * width * height);
    for (let top = 0; top < height; top += SIDE) {
      for (let left = 0; left < width; left += SIDE) {
        context.clearRect(0, 0, SIDE, SIDE);
        context.drawImage(source, -left, -top);
        const piece = context.getImageData(0, 0, Math.min(SIDE, width - left), Math.min(SIDE, height - top));
        for (let y = 0; y < piece.height; y++) {
          data.set(piece.data.subarray(4 * y * piece.width, 4 * (y + 1) * piece.width), 4 * ((top + y) * width + left));
        }
      }
    }
    return { width, height, data };
  } catch (error) {
    if (error instanceof DOMException && error.name === 'SecurityError') {
      throw badImage(
        'The picture is from another site, which does not let this page read it.',
        'Serve it from this site, or with CORS headers and the crossorigin attribute.',
      );
    }
    throw badImage('The browser cannot read the pixels of this picture.', 'Pass the file itself instead.');
  }
}
