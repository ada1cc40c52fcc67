/** Messages between the page (`page/connection.ts`) and the worker (`worker/worker.ts`). One request at a time. */

import type {
  Device,
  DeviceInfo,
  ErrorCode,
  ImportOptions,
  ImportPlan,
  LoadProgress,
  Measured,
  ModelInfo,
  RunProgress,
  Snapshot,
  StoredModel,
} from '../index.d.ts';

/** A picture on its way to the worker: an encoded file, or the fields of `ImageData`. */
export type Payload = Uint8Array<ArrayBuffer> | Pixels;

export interface Pixels {
  width: number;
  height: number;
  /** RGBA. */
  data: Uint8ClampedArray<ArrayBuffer>;
}

/** The WebAssembly file: its URL, its bytes, or the compiled module. */
export type EngineSource = string | Uint8Array<ArrayBuffer> | WebAssembly.Module;

/** What the worker must load. */
export interface Settings {
  /** Name of the model. */
  model: string;
  /** Size of its weights, if it is known before `model.json` has arrived. */
  bytes: number;
  /** URLs of its folder on each server, ending with a slash. */
  folders: string[];
  /** URLs of the first folder's files that are elsewhere, by name. */
  files: Record<string, string>;
  /** Whether the first folder is the package's own; its `model.json` is then part of the worker. */
  own: boolean;
  engine: EngineSource;
  /** URL of the worker's file, if it is not the package's own. */
  worker: string | undefined;
  device: Device;
  /** An earlier measurement of this GPU. */
  measured?: Measured | undefined;
  /** Maximum number of engines that work together on the CPU. */
  engines?: number | undefined;
  /** Pixels of the largest picture that is accepted. */
  maxPixels: number;
}

/** Files to convert into a model. */
export interface ImportOrder {
  files: Blob[];
  name: string | undefined;
  config: string | undefined;
  storage: ImportOptions['storage'];
  engine: EngineSource;
  /** URL of the worker's file, if it is not the package's own. */
  worker: string | undefined;
}

/** The kind of result. */
export interface Output {
  /** `pixels`: 8-bit sRGB RGBA instead of a file. */
  format: 'png' | 'jpeg' | 'webp' | 'pixels';
  /** 1 to 100. A WebP file without it is lossless. */
  quality: number | undefined;
  depth: 8 | 16;
  /** In pixels. Missing values follow from the others. */
  width: number | undefined;
  height: number | undefined;
  scale: number | undefined;
  /** Keep the metadata of the input. */
  metadata: boolean;
}

/** Checked options of one run. */
export interface Run {
  output: Output;
  /** Pixels become an `ImageBitmap`. */
  bitmap: boolean;
  steps: number | undefined;
  seed: number;
  temperature: number | undefined;
  tile: number | undefined;
  /** Send final tiles of the result. */
  tiles: boolean;
  /** Send predictions. */
  previews: boolean;
  /** Minimum milliseconds between two snapshots; none are sent without it. */
  snapshots: number | undefined;
  /** Where to resume. */
  resume: Snapshot | undefined;
}

/** Callbacks of a run (`PageWatch` in Rust). */
export interface Listeners {
  progress: (progress: RunProgress) => void;
  tile: ((part: Part) => void) | undefined;
  preview: ((part: Part) => void) | undefined;
  snapshot: ((snapshot: Snapshot) => void) | undefined;
  /** Minimum milliseconds between two snapshots. */
  interval: number | undefined;
}

/** Pixels with their place in the result. */
export interface Part extends Pixels {
  x: number;
  y: number;
}

/** `error::to_js` in Rust. */
export interface Fault {
  code: ErrorCode;
  message: string;
  advice: string;
  /** Address of a file that could not be loaded. */
  url?: string | undefined;
}

export interface Created {
  type: 'created';
  device: DeviceInfo;
  model: ModelInfo;
  warnings: Fault[];
}

export interface Done {
  type: 'done';
  /** Absent if pixels were asked for. */
  file?: Blob;
  image?: ImageData | ImageBitmap;
  width: number;
  height: number;
  /** Pixels of the input. */
  pixels: number;
  /** Whether the engine has taken so much memory that it should end. */
  large: boolean;
}

export interface Imported {
  type: 'imported';
  model: StoredModel;
}

export type Request =
  | { type: 'create'; settings: Settings }
  | { type: 'import'; order: ImportOrder }
  | { type: 'consent'; given: boolean }
  | { type: 'upscale'; input: Payload; run: Run }
  | { type: 'abort' };

/** Messages while a request runs. */
export type Note =
  | { type: 'load'; progress: LoadProgress }
  | { type: 'plan'; plan: ImportPlan }
  | { type: 'converted'; fraction: number }
  | { type: 'progress'; progress: RunProgress }
  | { type: 'tile' | 'preview'; x: number; y: number; pixels: Pixels }
  | { type: 'snapshot'; snapshot: Snapshot };

/** Messages that end a request. After `broken`, or `unloaded` (its file was not loaded), the worker cannot be used any more. */
export type Answer =
  | Created
  | Done
  | Imported
  | { type: 'failed'; fault: Fault }
  | { type: 'broken'; message: string }
  | { type: 'unloaded' };

/** Ends an engine in the calling thread; settles once it is gone. */
export type End = () => Promise<void>;

/** What `worker/worker.ts` exports: it answers on `port` instead of as a worker, with an engine on `device`. */
export type Serve = (port: MessagePort, device: GPUDevice) => End;
