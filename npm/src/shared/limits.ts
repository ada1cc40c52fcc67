/** How much memory a picture takes, and how large a picture may be on this device. */

import { band, exactTile, keptMemory, latent, pixels } from '../../../limits.json';

/** Bytes of a number, channels of the latent canvas, and bytes of a pixel there. A large canvas is stored in f16, as y0 always is. */
const F32 = 4;
const LATENT = 48;
const STATE = LATENT * F32;
/** Engine memory in bytes per input pixel beside the latent canvas: the input, and whether it is neutral. */
const INPUT = 12 + 1;

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
  /** Whether a network draws the picture that the chain starts from. */
  y0: boolean;
}

/** A bound for the models that come with the package. */
const LARGEST: ModelSize = { channels: 64, bytes: 12e6, y0: false };

/** The limit of input pixels on devices with the least and with enough memory. */
const [MIN_PIXELS, MAX_PIXELS] = pixels as [number, number];

const GIB = 2 ** 30;
/** Share of the device's memory; the rest is for the system, the browser and the page that shows the result. */
const SHARE = 1 / 2;
/** GiB assumed for handheld devices that do not report their memory. Browsers end a page that takes much more than half of it. */
const HANDHELD = 1;

/** Bytes of the engine that grow with the picture, beside what the network takes. */
export function engineBytes(width: number, height: number, y0: boolean): number {
  const all = width * height;
  const computed = Math.min(all, width > band.width ? width * exactTile.side : band.pixels);
  return all * ((all > latent.f32Pixels ? STATE / 2 : STATE) + INPUT + (y0 ? STATE / 2 : 0)) + computed * STATE;
}

/**
 * Bytes that a network takes on the CPU beside its weights, as `network_bytes` in `src/chain/bands.rs`: some maps of the pixels that
 * are computed together, and the rows of such a map and of the latent canvas that it keeps from band to band.
 */
export function networkBytes(width: number, height: number, channels: number): number {
  const all = width * height;
  if (width > band.width) {
    return Math.min(height, exactTile.side) * exactTile.side * band.maps * channels * F32;
  }
  const kept = all > band.pixels ? width * Math.min(height, band.kept) : 0;
  return (Math.min(all, band.pixels) * band.maps * channels + kept * (channels + LATENT)) * F32;
}

/** Bytes of one engine on the CPU in all; `large.spec.ts` measures them. */
export function wasmBytes(width: number, height: number, { channels, bytes, y0 }: ModelSize): number {
  return ENGINE + WEIGHTS * bytes + engineBytes(width, height, y0) + networkBytes(width, height, channels);
}

/** Bytes that a page needs for a picture in all, on the CPU and with one engine. A large engine ends before its result is shown. */
export function pageBytes(width: number, height: number, model: ModelSize): number {
  const engine = wasmBytes(width, height, model);
  return PAGE + engine + (engine > keptMemory ? 0 : width * height * SHOWN);
}

/** Pixels of the largest square picture that fits into a share of the device's memory. */
export function maxPixels({ deviceMemory, maxTouchPoints }: Device = globalThis.navigator ?? {}): number {
  const memory = deviceMemory ?? ((maxTouchPoints ?? 0) > 1 ? HANDHELD : Infinity);
  const fits = (all: number): boolean => pageBytes(Math.sqrt(all), Math.sqrt(all), LARGEST) <= memory * GIB * SHARE;
  let side = Math.sqrt(MAX_PIXELS);
  while (side * side > MIN_PIXELS && !fits(side * side)) side -= 64;
  return side * side;
}

interface Device {
  /** In GiB, rounded; Chromium only. */
  deviceMemory?: number;
  maxTouchPoints?: number;
}
