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

/** The WebAssembly file: its URL, its bytes, or compiled. */
export type EngineSource = string | Uint8Array<ArrayBuffer> | WebAssembly.Module;

/** What the worker is to load. */
export interface Settings {
  /** Name of the model. */
  model: string;
  /** Size of its weights as far as it is known before its description has come. */
  bytes: number;
  /** URLs of its folder on each server that has it, ending with a slash. */
  folders: string[];
  /** URLs of files of the first folder that lie elsewhere, by name. */
  files: Record<string, string>;
  /** The first folder is the package's own, so that its `model.json` comes with the worker. */
  own: boolean;
  engine: EngineSource;
  /** URL of the worker's file, if it is not the package's own. */
  worker: string | undefined;
  device: Device;
  /** What this GPU was measured at before. */
  measured?: Measured | undefined;
  /** Most engines that work together on the CPU. */
  engines?: number | undefined;
  /** Pixels of the largest picture that is taken. */
  maxPixels: number;
}

/** Files to make a model of. */
export interface ImportOrder {
  files: Blob[];
  name: string | undefined;
  config: string | undefined;
  storage: ImportOptions['storage'];
  engine: EngineSource;
  /** URL of the worker's file, if it is not the package's own. */
  worker: string | undefined;
}

/** What a run ends with. */
export interface Output {
  /** `pixels`: no file, but RGBA of 8 bits in sRGB. */
  format: 'png' | 'jpeg' | 'webp' | 'pixels';
  /** 1 to 100; without one a WebP file is lossless. */
  quality: number | undefined;
  depth: 8 | 16;
  /** Pixels; what is missing follows from the rest. */
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
  /** Send snapshots, so many milliseconds apart at least. */
  snapshots: number | undefined;
  /** Where to go on. */
  resume: Snapshot | undefined;
}

/** What a run calls (`PageWatch` in Rust). */
export interface Listeners {
  progress: (progress: RunProgress) => void;
  tile: ((part: Part) => void) | undefined;
  preview: ((part: Part) => void) | undefined;
  snapshot: ((snapshot: Snapshot) => void) | undefined;
  /** Least milliseconds between two snapshots. */
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
  /** Of a file that did not come. */
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
  /** Where no pixels were asked for. */
  file?: Blob;
  image?: ImageData | ImageBitmap;
  width: number;
  height: number;
  /** Pixels of the input. */
  pixels: number;
  /** Bytes that the engine has taken, and keeps as long as it is there. */
  memory: number;
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

/** What comes while a request runs. */
export type Note =
  | { type: 'load'; progress: LoadProgress }
  | { type: 'plan'; plan: ImportPlan }
  | { type: 'converted'; fraction: number }
  | { type: 'progress'; progress: RunProgress }
  | { type: 'tile' | 'preview'; x: number; y: number; pixels: Pixels }
  | { type: 'snapshot'; snapshot: Snapshot };

/** What ends a request. After `broken`, or if its file did not come (`unloaded`), the worker is of no more use. */
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
