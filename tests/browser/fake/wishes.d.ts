/** What a test may ask of the stand-in engine, as `globalThis.fake`, before the page loads. */
import type { Capabilities, DeviceInfo, ErrorCode, StoredModel } from 'resshift-web';

export interface Wishes {
  /** Milliseconds of each piece of work. Default 5. */
  pace?: number;
  /** Number of pictures that finish; later ones run forever. Default all. */
  finish?: number;
  /** How much longer the first piece of work of a run takes. Default 1. */
  warmUp?: number;
  /** Tile side in result pixels. Default 256. */
  tile?: number;
  /** Of a step, as the engine estimates it; null if it knows nothing. Default 1e-5. */
  secondsPerPixel?: number | null;
  device?: DeviceInfo;
  capabilities?: Capabilities;
  /** Fails while loading. */
  createError?: ErrorCode;
  /** Fails in the middle of a run. */
  upscaleError?: ErrorCode;
  /** The result of every run, whatever the picture: a file of the site. */
  result?: { url: string; type: string; width: number; height: number };
  /** How often the failures occur. Default 1. */
  failures?: number;
  warnings?: ErrorCode[];
  /** Hands out a snapshot after every step. */
  snapshots?: boolean;
  /** Stands still after so many steps. */
  hold?: number;
  /** What the device keeps from before. */
  models?: StoredModel[];
  /** Fails before an import asks for consent. */
  importError?: ErrorCode;
  /** Told by the stand-in: pieces of work that wait for their time to pass. */
  waiting?: number;
}
