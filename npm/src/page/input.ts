/** Turns anything that holds a picture into what the worker takes. The caller's object is copied, never changed. */

import {
  aborted,
  fileGone,
  imageTooLarge,
  noInput,
  noPixels,
  otherSite,
  pictureHttp,
  tag,
  tainted,
  unknownInput,
  unreachable,
  unreadable,
  UpscalerError,
} from '../shared/error.ts';
import { maxPixels } from '../shared/limits.ts';
import type { Payload, Pixels } from '../shared/protocol.ts';

export function isAddress(input: unknown): input is string | URL {
  return typeof input === 'string' || tag(input) === 'URL';
}

/**
 * The file at an address on the caller's own site, or at a `blob:` or `data:` address.
 * @throws UpscalerError `no-input`, `offline`, `http`, `aborted`
 */
export async function fetchPicture(given: string | URL, signal?: AbortSignal): Promise<Blob> {
  const { href, protocol, host, origin: site } = resolve(given);
  if (protocol !== 'data:' && site !== origin) throw otherSite(host);
  try {
    const response = await fetch(href, { mode: 'same-origin', signal: signal ?? null });
    if (!response.ok) throw pictureHttp(href, response.status);
    return await response.blob();
  } catch (error) {
    if (error instanceof UpscalerError) throw error;
    throw signal?.aborted ? aborted(signal.reason) : unreachable(href.slice(0, 100));
  }
}

function resolve(given: string | URL): URL {
  // An empty address would name the page itself.
  if (given === '') throw noInput();
  try {
    return new URL(given, globalThis.document?.baseURI ?? location.href);
  } catch {
    throw unknownInput(given);
  }
}

/**
 * Pixels are copied immediately, so the caller may draw on a canvas again after the call.
 * @throws UpscalerError `no-input`, `bad-image`, `image-too-large`
 */
export async function read(input: unknown): Promise<Payload> {
  switch (tag(input)) {
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
    case 'HTMLCanvasElement':
    case 'OffscreenCanvas':
      return draw(input as ImageBitmap, (input as ImageBitmap).width, (input as ImageBitmap).height);
    case 'VideoFrame':
      return draw(input as VideoFrame, (input as VideoFrame).displayWidth, (input as VideoFrame).displayHeight);
    case 'HTMLVideoElement': {
      const video = input as HTMLVideoElement;
      // A video has a size before it has a frame.
      return draw(video, video.readyState < video.HAVE_CURRENT_DATA ? 0 : video.videoWidth, video.videoHeight);
    }
    case 'HTMLImageElement':
      return element(input as HTMLImageElement);
    default:
      throw input == null ? noInput() : unknownInput(input);
  }
}

async function bytes(blob: Blob): Promise<Payload> {
  try {
    return new Uint8Array(await blob.arrayBuffer());
  } catch {
    throw fileGone();
  }
}

function pixels({ width, height, data }: ImageData): Pixels {
  // Some browsers have ImageData of floating-point numbers from 0 to 1.
  const bytes = data instanceof Uint8ClampedArray ? data : Array.from(data as ArrayLike<number>, (x) => x * 255);
  return { width, height, data: new Uint8ClampedArray(bytes) };
}

/**
 * The pixels of a file that only the browser can decode, such as AVIF, SVG, or HEIC in Safari: 8 bits, in sRGB.
 * @param damaged whether the engine knows the format and found the file incomplete
 * @returns undefined if the browser cannot decode it either, or not all of it
 * @throws UpscalerError `image-too-large`
 */
export async function decodeByBrowser(file: Blob | BufferSource, damaged: boolean): Promise<Pixels | undefined> {
  const head = String.fromCharCode(...new Uint8Array(await new Blob([file]).slice(0, 4096).arrayBuffer()));
  if (!head.startsWith('\xff\xd8\xff')) {
    if (damaged && (await showsParts())) return undefined;
    return (await decode([file])) ?? (/<svg[\s>]/.test(head) ? drawing(new Blob([file], { type: 'image/svg+xml' })) : undefined);
  }
  // A JPEG does not state its length: browsers show what there is of a truncated file, and leave the rest grey.
  const [short, long] = [await decode([file, END_OF_JPEG]), await decode([file, MORE_OF_JPEG, END_OF_JPEG])];
  return short && long && short.data.every((value, i) => value === long.data[i]) ? short : undefined;
}

/** Whether this browser decodes truncated files, as Firefox does. Tested with a PNG of 4x4 pixels. */
function showsParts(): Promise<boolean> {
  const half = atob('iVBORw0KGgoAAAANSUhEUgAAAAQAAAAECAAAAACMmsGiAAAAHElEQVR4nGNgUPXKZ4huWHqKYQ==');
  return createImageBitmap(new Blob([Uint8Array.from(half, (c) => c.charCodeAt(0))])).then(
    () => true,
    () => false,
  );
}

const END_OF_JPEG = Uint8Array.of(0xff, 0xd9);
/** Padding without meaning. A file that is already complete looks the same with it. */
const MORE_OF_JPEG = Uint8Array.from({ length: 64 }, (_, i) => (i * 97 + 13) % 251);

async function decode(parts: BlobPart[]): Promise<Pixels | undefined> {
  const bitmap = await createImageBitmap(new Blob(parts)).catch(() => undefined);
  if (bitmap === undefined) return undefined;
  try {
    return draw(bitmap, bitmap.width, bitmap.height);
  } finally {
    bitmap.close();
  }
}

/** SVG needs an element to be drawn, and only a page has elements. */
async function drawing(file: Blob): Promise<Pixels | undefined> {
  if (typeof Image === 'undefined') return undefined;
  const image = new Image();
  image.src = URL.createObjectURL(file);
  try {
    await image.decode();
  } catch {
    return undefined;
  } finally {
    URL.revokeObjectURL(image.src);
  }
  return draw(image, image.naturalWidth, image.naturalHeight);
}

async function element(image: HTMLImageElement): Promise<Pixels> {
  try {
    await image.decode();
  } catch {
    throw noPixels();
  }
  return draw(image, image.naturalWidth, image.naturalHeight);
}

/** Longest side of a canvas that every browser draws, including Safari. */
const SIDE = 4096;

function draw(source: CanvasImageSource, width: number, height: number): Pixels {
  if (width === 0 || height === 0) throw noPixels();
  const max = maxPixels();
  if (width * height > max) throw imageTooLarge(width, height, max);
  try {
    const context = new OffscreenCanvas(Math.min(width, SIDE), Math.min(height, SIDE)).getContext('2d', { willReadFrequently: true })!;
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
    throw (error as Error).name === 'SecurityError' ? tainted() : unreadable();
  }
}
