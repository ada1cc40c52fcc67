/** How much memory a picture takes, and how large a picture may be on this device. */

import { band, exactTile, pixels } from '../../../limits.json';

/**
 * Engine memory in bytes per input pixel: 192 for the latent canvas, 96 for the picture that the chain starts from (if the model has a
 * network for it), and the input twice (`README.md`). The result, 48, comes after those 96 are freed.
 */
const PER_PIXEL = 192 + 96 + 2 * 12;
/** Maximum number of input rows that are computed together, and the bytes of a prediction per pixel. */
const ROWS = exactTile.whole;
const PER_PREDICTED = 192;

/** Bytes of a number, and channels of the latent canvas. */
const NUMBER = 4;
const LATENT = 48;
/** The engine's memory without a model. */
const ENGINE = 2e6;
/** Weights are stored in 16 bits. The CPU computes in 32 bits, and a 3x3 kernel takes 4x4 numbers (Winograd). */
const WEIGHTS = 4;
/** The page and a worker with the engine's code. */
const PAGE = 80e6;
/** Bytes per input pixel outside the engine: first the result's file, then the decoded result on screen. */
const SHOWN = 4 * 16;

/** What the memory of a run depends on, from `model.json`. */
export interface ModelSize {
  /** Channels of a map at the picture's own size: the first of `network.channels`. */
  channels: number;
  /** Size of the weights' files. */
  bytes: number;
}

/** The limit of input pixels on devices with the least and with enough memory. The x4 result of `MAX_PIXELS` has 64 megapixels. */
const [MIN_PIXELS, MAX_PIXELS] = pixels as [number, number];

const GIB = 2 ** 30;
/** The page and the parts of the engine that do not grow with the picture, with a margin. */
const BESIDE = 0.8 * GIB;
/** Share of the device's memory; the rest is for the system, the browser and the page that shows the result. */
const SHARE = 1 / 2;
/** GiB assumed for handheld devices that do not report their memory. Browsers end a page that takes much more than half of it. */
const HANDHELD = 2;

/** Bytes of the engine that grow with the picture, beside the tile. */
export function engineBytes(width: number, height: number): number {
  return width * (height * PER_PIXEL + Math.min(height, ROWS) * PER_PREDICTED);
}

/**
 * Bytes that a network takes on the CPU beside its weights, as `network_bytes` in `src/chain/bands.rs`: some maps of the pixels that
 * are computed together, and the rows of such a map and of the latent canvas that it keeps from band to band.
 */
export function networkBytes(width: number, height: number, channels: number): number {
  const pixels = width * height;
  if (width > band.width) {
    return Math.min(height, exactTile.side) * exactTile.side * band.maps * channels * NUMBER;
  }
  const kept = pixels > band.pixels ? width * Math.min(height, band.kept) : 0;
  return (Math.min(pixels, band.pixels) * band.maps * channels + kept * (channels + LATENT)) * NUMBER;
}

/** Bytes of one engine on the CPU in all; `large.spec.ts` measures them. */
export function wasmBytes(width: number, height: number, { channels, bytes }: ModelSize): number {
  return ENGINE + WEIGHTS * bytes + engineBytes(width, height) + networkBytes(width, height, channels);
}

/** Bytes that a page needs for a picture in all, on the CPU and with one engine. */
export function pageBytes(width: number, height: number, model: ModelSize): number {
  return PAGE + wasmBytes(width, height, model) + width * height * SHOWN;
}

/** Pixels of the largest picture that is accepted, from what the engine needs for a square one. */
export function maxPixels({ deviceMemory, maxTouchPoints }: Device = globalThis.navigator ?? {}): number {
  const memory = deviceMemory ?? ((maxTouchPoints ?? 0) > 1 ? HANDHELD : Infinity);
  const room = memory * GIB * SHARE - BESIDE;
  let side = Math.sqrt(MAX_PIXELS);
  while (side * side > MIN_PIXELS && engineBytes(side, side) > room) side -= 64;
  return side * side;
}

interface Device {
  /** In GiB, rounded; Chromium only. */
  deviceMemory?: number;
  maxTouchPoints?: number;
}
