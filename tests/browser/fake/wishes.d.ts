/** What a test may ask of the stand-in engine, as `globalThis.fake`, before the page loads. */
import type { Capabilities, DeviceInfo, ErrorCode, StoredModel } from 'resshift-web';

export interface Wishes {
  /** Milliseconds of each piece of work. Default 5. */
  pace?: number;
  /** Tile side in result pixels. Default 256. */
  tile?: number;
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
  /** What the device keeps from before. */
  models?: StoredModel[];
  /** Fails before an import asks for consent. */
  importError?: ErrorCode;
}
