/** How much memory a picture takes, and how large a picture may be on this device. */

import { band, exactTile, latent, pixels } from '../../../limits.json';

/** Bytes of a number, channels of the latent canvas, and bytes of a pixel there. A large canvas is stored in f16, as y0 always is. */
const F32 = 4;
const LATENT = 48;
const STATE = LATENT * F32;
/** Engine memory in bytes per input pixel beside the latent canvas: the input, and whether it is neutral. */
const INPUT = 12 + 1;

/** Weights are stored in 16 bits. The CPU computes in 32 bits, and a 3x3 kernel takes 4x4 numbers (Winograd). */
const WEIGHTS = 4;
/** The page, a worker with the engine's code, and a small result on screen. A large engine ends before its result is shown. */
const PAGE = 150e6;

/** What the memory of a run depends on, from `model.json`. */
export interface ModelSize {
  /** Channels of a map at the picture's own size: the first of `network.channels`. */
  channels: number;
  /** Size of the weights' files. */
  bytes: number;
  /** Whether a network draws the picture that the chain starts from. */
  y0?: boolean;
}

/** A bound for the models that come with the package. */
const LARGEST: ModelSize = { channels: 64, bytes: 12e6 };

/** The limit of input pixels on devices with the least and with enough memory. */
const [MIN_PIXELS, MAX_PIXELS] = pixels as [number, number];

/** Bytes of a GiB of the device's memory that a page may take: half of it, with the rest for the system and the browser. */
const SHARE = 2 ** 29;
/** GiB assumed for handheld devices that do not report their memory. Browsers end a page that takes much more than half of it. */
const HANDHELD = 1;

/**
 * Bytes that a network takes on the CPU beside its weights, as `network_bytes` in `src/chain/bands.rs`: some maps of the pixels that
 * are computed together, and the rows of such a map and of the latent canvas that it keeps from band to band.
 */
export function networkBytes(width: number, height: number, channels: number): number {
  const all = width * height;
  if (width > band.width) return Math.min(height, exactTile.side) * exactTile.side * band.maps * channels * F32;
  const kept = all > band.pixels ? width * Math.min(height, band.kept) : 0;
  return (Math.min(all, band.pixels) * band.maps * channels + kept * (channels + LATENT)) * F32;
}

/** Bytes of one engine on the CPU in all; `large.spec.ts` measures them. */
export function wasmBytes(width: number, height: number, { channels, bytes, y0 }: ModelSize): number {
  const all = width * height;
  const perPixel = INPUT + STATE / (all > latent.f32Pixels ? 2 : 1) + (y0 ? STATE / 2 : 0);
  const predicted = Math.min(all, width > band.width ? width * exactTile.side : band.pixels) * STATE;
  return WEIGHTS * bytes + all * perPixel + predicted + networkBytes(width, height, channels);
}

/** Bytes that a page needs for a picture in all, on the CPU and with one engine. */
export function pageBytes(width: number, height: number, model: ModelSize): number {
  return PAGE + wasmBytes(width, height, model);
}

/** Pixels of the largest square picture that fits into a share of the device's memory. */
export function maxPixels({ deviceMemory, maxTouchPoints }: Device = globalThis.navigator ?? {}): number {
  const memory = deviceMemory ?? (maxTouchPoints! > 1 ? HANDHELD : Infinity);
  let side = Math.sqrt(MAX_PIXELS);
  while (side * side > MIN_PIXELS && pageBytes(side, side, LARGEST) > memory * SHARE) side -= 64;
  return side * side;
}

interface Device {
  /** In GiB, rounded; Chromium only. */
  deviceMemory?: number;
  maxTouchPoints?: number;
}
