/// <reference lib="esnext.disposable" />

/**
 * ResShift x4 upscaling in the browser. All work happens on this device, in a dedicated worker, or in the calling thread with `gpuDevice`; no byte
 * of a picture is sent anywhere.
 */

declare global {
  /** For TypeScript versions that do not know WebGPU; others add to it what it has. */
  interface GPUDevice {}
}

/**
 * Where the networks run. `auto`: on the GPU or the CPU, whichever a short measurement at the first start found faster; a
 * GPU that fails a self-test is skipped.
 */
export type Device = 'auto' | 'webgpu' | 'cpu';

/** Where the package's own files lie, if not beside this module (or where a bundler has put them). */
export interface AssetOptions {
  /** A folder with `engine/` and `models/`. */
  baseUrl?: string | URL;
  /** The WebAssembly file: its address, its bytes, or compiled. */
  engine?: string | URL | ArrayBuffer | Uint8Array | WebAssembly.Module;
  /** The worker's file. One of another site is imported by a blob; the content security policy must allow both. */
  worker?: string | URL;
}

/** What to load, and where to run it. */
export interface CreateOptions extends AssetOptions {
  /** Name of a model folder below `baseUrl + 'models/'`, or of a model that {@link importModel} has made. Default `compact`. */
  model?: string;
  /** The model's folder, with its `model.json`, if it is not `baseUrl + 'models/' + model`. */
  modelUrl?: string | URL;
  /** Other places with the same `models/`, asked in turn for what `baseUrl` does not give. */
  mirrors?: readonly (string | URL)[];
  /** Default `auto`. */
  device?: Device;
  /**
   * A device of your own to compute on. Devices cannot go to another thread, so the engine then runs in the thread that calls: best
   * a worker of yours. What you do with the device goes on beside it, and nothing on it is changed or destroyed. Where it is lost,
   * calls end with `gpu`.
   */
  gpuDevice?: GPUDevice;
  /**
   * On the CPU: how many engines may share a picture, 1 to 4. Each has the model, and some rows of the picture, in memory.
   * Default: one less than the machine has processors, at most 4; one where it has fewer than 4, or where the weights are
   * larger than 64 MiB.
   */
  engines?: number;
  /** Ends the download. */
  signal?: AbortSignal;
  /** Download progress. */
  onProgress?: (progress: LoadProgress) => void;
}

/** As for `create`; the model is not put on a device to stay. */
export type PreloadOptions = Omit<CreateOptions, 'device' | 'gpuDevice' | 'engines'>;

/** How far the files have come. */
export interface LoadProgress {
  /** `engine`: the WebAssembly file; `weights`: the model's files; `ready`: built on the device. */
  phase: 'engine' | 'weights' | 'ready';
  /** Bytes so far. */
  loaded: number;
  /** Bytes in all, 0 if unknown. */
  total: number;
  /** The weights came from this device's cache, not the network. */
  cached: boolean;
  /** Progress of engine and weights together, 0 to 1; 1 once the upscaler is ready. */
  fraction: number;
}

/**
 * Anything that holds a picture. Bytes are an encoded file: PNG, JPEG, WebP, GIF, BMP or TIFF; or what the browser itself decodes, in 8
 * bits and sRGB, SVG among it where there is a document. An address is fetched, from the caller's own site only (or `blob:` and
 * `data:`). Of a video, its present frame. Pixels without a size are none: make an `ImageData` of them.
 */
export type Input =
  | Blob
  | ArrayBuffer
  | Uint8Array
  | string
  | URL
  | ImageBitmap
  | ImageData
  | HTMLImageElement
  | HTMLCanvasElement
  | OffscreenCanvas
  | HTMLVideoElement
  | VideoFrame;

/** How to run one picture, and what file to make of it. */
export interface UpscaleOptions {
  /**
   * Steps of the diffusion chain. Default: what the model was trained for (15). 0: no diffusion step, the result is the picture
   * that the chain starts from; only of models that have a network for it ({@link ModelInfo.y0}).
   */
  steps?: number;
  /** Selects the noise; the same seed gives the same picture. Default 0. Integer, 0 to 2^53 - 1. */
  seed?: number;
  /** Factor on the noise, 0 to 2; 1 is the paper's. Default: what the model recommends. */
  temperature?: number;
  /**
   * In input pixels, 8 to 4096, or `auto`: rows that are computed together; for a converted model, and pictures wider than 4096 pixels,
   * the side of a tile, and one smaller than that of `auto` takes up to four times as long.
   */
  tile?: number | 'auto';
  /** Kind of the result's file: `png` (default), `jpeg` (transparent pixels on white), or `webp` (lossless, unless it has a `quality`). */
  format?: 'png' | 'jpeg' | 'webp';
  /** Quality of a JPEG file, 1 to 100; default 92. With one, a WebP file is lossy; a PNG file has none. */
  quality?: number;
  /** Bits per sample; 16 only as PNG. Default 8. */
  depth?: 8 | 16;
  /** Pixels of the result, at most four times the input's; alone, the height follows. The x4 result is reduced (Lanczos). */
  width?: number;
  /** Pixels of the result, at most four times the input's; alone, the width follows. */
  height?: number;
  /** Instead of `width` and `height`: enlargement above 0, at most 4. Default 4. */
  scale?: number;
  /**
   * Whether the metadata of the input file (EXIF, XMP, IPTC and density; its orientation already applied) goes into the result. Default
   * `keep`. A colour profile is always kept: the result's colours are in the space that it describes.
   */
  metadata?: 'keep' | 'strip';
  /** Ends the run within one step. */
  signal?: AbortSignal;
  /** Called as tiles of a step are done. */
  onProgress?: (progress: RunProgress) => void;
  /**
   * Called once for each tile that `onProgress` counts, when its pixels are final: row by row from the top, and together they cover the
   * result once. All of them come at the end, in the last step; see `onPreview` for what there is before.
   */
  onTile?: (tile: Tile) => void;
  /**
   * What parts of the picture look like so far, while the chain runs: as often as that takes no more than a few percent of
   * the time; first of all the picture that the chain starts from, where a network draws it. Not with converted models, whose
   * predictions are costly to look at.
   */
  onPreview?: (part: Tile) => void;
  /**
   * The run between two of its steps, from time to time; keep the last one, to go on from there after a crash. None of runs
   * that take less than twice `snapshotInterval`, nor of pictures of one tile on a GPU, whose state never leaves it.
   */
  onSnapshot?: (snapshot: Snapshot) => void;
  /** Seconds that lie between two snapshots at least; more where one takes longer than a twentieth of that to make. Default 20. */
  snapshotInterval?: number;
  /**
   * A snapshot to go on from. The result is the one that the interrupted run would have given, byte for byte on the same
   * device. A snapshot of another picture, model, `steps`, `seed` or `temperature` is left aside: the run begins at step 1.
   */
  resume?: Snapshot;
}

/** Options of a result without a file: pixels of 8 bits in sRGB, without metadata. */
export interface PixelOptions<F extends keyof PixelFormats> extends Omit<UpscaleOptions, 'format' | 'quality' | 'depth' | 'metadata'> {
  /** Kind of the result's pixels. */
  format: F;
}

/** Options of a result that is drawn. */
export interface CanvasOptions extends Omit<UpscaleOptions, 'format' | 'quality' | 'depth' | 'metadata'> {
  /** It gets the size of the result and its pixels (8 bits, in sRGB) once the run has ended. It must have a 2D context, or none yet. */
  canvas: HTMLCanvasElement | OffscreenCanvas;
}

/** Pixels without a file, by the name of their kind. */
export interface PixelFormats {
  /** Alpha is not premultiplied. */
  imageData: ImageData;
  /** Close it when it is no longer needed. */
  imageBitmap: ImageBitmap;
}

/** A run between two steps. A plain object, which IndexedDB keeps as it is. */
export interface Snapshot {
  /** Steps done. */
  step: number;
  /** Steps of the chain. */
  steps: number;
  /** Names the run that it can go on with: the same in another process, other for every other picture or chain. */
  key: string;
  /** The chain's state: with the default model 192 bytes per pixel of the input. The browser holds them, not the page's memory. */
  data: Blob;
}

/** How far a run has come: each step computes each tile of the picture. Called as tiles of a step are done. */
export interface RunProgress {
  /** From 1 to `steps`. */
  step: number;
  /** Steps of the chain. */
  steps: number;
  /** Tiles of this step that are done, from 1 to `tiles`. */
  tile: number;
  /** Tiles of the picture: on a GPU squares, on the CPU bands of rows. `onTile` is called as often. */
  tiles: number;
  /** Tiles done, over all tiles of all steps: 0 to 1. */
  fraction: number;
}

/** A tile of the enlargement by four, or another part of it, before it is reduced to another size. */
export interface Tile {
  /** Left edge in the enlargement by four, in pixels. */
  x: number;
  /** Upper edge in the enlargement by four, in pixels. */
  y: number;
  /** Opaque RGBA pixels. */
  image: ImageData;
}

/** An upscaled picture. */
export interface Result {
  /** The picture as a file; its `type` says of which kind. */
  blob: Blob;
  /** In pixels. */
  width: number;
  /** In pixels. */
  height: number;
  /** Where it ran. */
  device: DeviceInfo;
  /**
   * Who read the picture. `browser`: it was no file, or one that the engine does not read; its pixels then came in 8 bits and
   * sRGB, without metadata and colour profile.
   */
  decodedBy: 'engine' | 'browser';
}

/** As {@link Result}, with pixels instead of a file. */
export interface PixelResult<F extends keyof PixelFormats> extends Omit<Result, 'blob'> {
  /** The picture. */
  image: PixelFormats[F];
}

/** What a run is likely to cost. */
export interface Estimate {
  /** From this upscaler's largest run, or else from the measurement that chose the device; null where neither tells. */
  seconds: number | null;
  /** Memory as {@link Upscaler.memory} tells it. */
  bytes: number;
}

/** Where the networks run, and why there. */
export interface DeviceInfo {
  /** A GPU, through WebGPU, or the CPU. */
  kind: 'webgpu' | 'cpu';
  /** In words, for people: the adapter's name, or `CPU`. */
  name: string;
  /** A GPU emulated on the CPU. */
  software: boolean;
  /** Weights that are stored as f16 stay so; else they are f32. */
  f16: boolean;
  /**
   * Side in pixels of the largest square picture that is one tile where the option `tile` is `auto`: of the default model as
   * much as the device was measured to compute in about five seconds, at most 320. Larger pictures are cut.
   */
  tile: number;
  /**
   * Why it was chosen: it was `asked` for; it is the `faster` one; there is `no-webgpu`; or WebGPU is there, but computes
   * wrongly or does not answer (`webgpu-failed`).
   */
  reason: 'asked' | 'faster' | 'no-webgpu' | 'webgpu-failed';
  /** What the choice was made by, now or at an earlier visit. */
  measured?: Measured;
}

/** Milliseconds for a gigamultiplication of convolutions, about one evaluation of `nano` on 64x64 pixels. */
export interface Measured {
  /** On the GPU, with weights and maps in f32. */
  webgpu: number;
  /** With weights and maps in f16, where the GPU has it. */
  webgpuF16?: number;
  /** On one thread; absent where the GPU left no doubt. */
  cpu?: number;
  /** Whether convolutions through workgroup memory were the faster ones; absent on emulated GPUs. */
  tiled?: boolean;
}

/** What a model says of itself. */
export interface ModelInfo {
  /** As in the option `model`. */
  name: string;
  /** Version of the weights. */
  version: string;
  /** Steps of the chain that it was trained for. */
  steps: number;
  /** Work of the network that draws the picture which the chain starts from, as a share of a step; 0: it has none. */
  y0: number;
  /** Size of the weights in bytes. */
  bytes: number;
  /** The terms of the weights. */
  licence: Licence;
}

/** The terms of a model's weights. */
export interface Licence {
  /** SPDX identifier or plain name; `unknown` where only whoever trained the weights knows. */
  name: string;
  /** Whether they may be used commercially. */
  commercial: boolean;
  /** Where the licence can be read. */
  url?: string;
  /** Its text, or a sentence about it. */
  text?: string;
}

/** A model that is complete on this device. */
export interface StoredModel extends ModelInfo {
  /** Made here by {@link importModel}: nobody else has it. */
  imported: boolean;
}

/** What this browser can do. */
export interface Capabilities {
  /** WebAssembly SIMD, which the engine needs. */
  wasm: boolean;
  /** A WebGPU adapter, if the browser gives one. */
  webgpu: null | { name: string; software: boolean; f16: boolean; maxBufferBytes: number };
  /** What `auto` chooses; before it was measured here, what it is likely to choose. */
  recommended: 'webgpu' | 'cpu' | null;
  /** IndexedDB can be used here. */
  cache: boolean;
  /** Pixels of the largest picture that is taken here: 4 megapixels, fewer where the device is known to have little memory. */
  maxPixels: number;
}

/** What went wrong; stable across versions. */
export type ErrorCode =
  | 'no-input'
  | 'not-an-image'
  | 'bad-image'
  | 'unsupported-image'
  | 'image-too-large'
  | 'out-of-memory'
  | 'bad-option'
  | 'bad-weights'
  | 'bad-checkpoint'
  | 'hash-mismatch'
  | 'http'
  | 'offline'
  | 'no-webgpu'
  | 'gpu'
  | 'storage'
  | 'aborted'
  | 'disposed'
  | 'blocked'
  | 'no-browser'
  | 'internal';

/** For each code, what happened and what to do, in one language: what `resshift-web/languages/es`, `ja`, `vi` and `zh` export. */
export type ErrorSentences = Readonly<Record<ErrorCode, readonly [message: string, advice: string]>>;

/** A worker with the engine and one model in it. Keep it for all pictures. */
export class Upscaler {
  private constructor();
  /** Loads the engine and the model (from the cache after the first time). */
  static create(options?: CreateOptions): Promise<Upscaler>;
  /** Fetches, checks and keeps one model for later visits, also offline. Rejects with `storage` if it cannot be kept. */
  static preload(options?: PreloadOptions): Promise<void>;
  /** What this browser can do, without loading anything. */
  static capabilities(): Promise<Capabilities>;
  /**
   * Bytes that a page is likely to need for a picture of this size, in pixels, without loading anything: on the CPU, in one engine,
   * with the model; each further engine has a model and rows of its own. On a GPU both lie in its memory. `model` is one of the
   * package's; default: `compact`, as which any other is counted.
   */
  static memory(width: number, height: number, model?: string): number;
  /** Where it runs, and why there. */
  readonly device: DeviceInfo;
  /** The model that it runs. */
  readonly model: ModelInfo;
  /** Problems that do not stop the work, such as storage that could not be written. */
  readonly warnings: readonly UpscalerError[];
  /** Runs one picture; calls are queued. After an abort or an error the same object works again. */
  upscale(input: Input, options?: UpscaleOptions): Promise<Result>;
  /** The same for pixels instead of a file. */
  upscale<F extends keyof PixelFormats>(input: Input, options: PixelOptions<F>): Promise<PixelResult<F>>;
  /** The same, drawn into a canvas. */
  upscale(input: Input, options: CanvasOptions): Promise<Omit<Result, 'blob'>>;
  /** The same run as a loop over its tiles, as `onTile` gets them; the generator returns the result. Leaving the loop ends the run. */
  tiles(input: Input, options?: UpscaleOptions): AsyncGenerator<Tile, Result, undefined>;
  /** What a picture of this size, in pixels, is likely to cost. Default of `steps`: the model's. */
  estimate(width: number, height: number, options?: { steps?: number }): Estimate;
  /** Ends the worker and frees its memory. Calls in progress end with `aborted`, later ones with `disposed`. */
  dispose(): void;
  /** As `dispose`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** Every failure: a stable `code`, a plain sentence in `message`, and what to do in `advice`. */
export class UpscalerError extends Error {
  /** `AbortError` where the `signal`, or `dispose`, ended the call; `TimeoutError` where an `AbortSignal.timeout` did. */
  readonly name: 'UpscalerError' | 'AbortError' | 'TimeoutError';
  /** What went wrong; stable across versions, as the sentence in `message` is not. */
  readonly code: ErrorCode;
  /** What a person can do, as a sentence. */
  readonly advice: string;
  /** The `reason` of the `signal` that ended the call. */
  readonly reason?: unknown;
  /** With the code `offline`: the address of the file that could not be reached. */
  readonly url?: string | undefined;
  /** Code and advice once more: of a structured clone, which has no fields of its own, they are left. */
  readonly cause: { code: ErrorCode; advice: string };
  /** Name, code, message and advice, for logs. */
  toJSON(): { name: string; code: ErrorCode; message: string; advice: string };
}

/** The models that this device keeps, by name; none where the browser allows no storage. Loads nothing. */
export function listModels(): Promise<StoredModel[]>;

/** Takes a model off this device, complete or still on its way; an upscaler that holds it goes on. */
export function deleteModel(name: string): Promise<void>;

/** Takes all models off this device. */
export function deleteAllModels(): Promise<void>;

/** What the files of a model hold, before anything is converted. */
export interface ImportPlan {
  /** The name that it will have in the list. */
  name: string;
  /** About how much room it will take, in bytes. */
  bytes: number;
  /** The terms of the weights. */
  licence: Licence;
}

/** What to make of the files. */
export interface ImportOptions extends AssetOptions {
  /** Name of the model here. Default: made from what the files hold. An imported model of that name is replaced. */
  name?: string;
  /** Which released checkpoint it is (`realsr-v3`), where the name of the network's file does not tell. */
  config?: string;
  /** How weights are stored. Default `f16`. */
  storage?: 'f16' | 'f32' | 'int8';
  /** Asked before anything is converted; the import goes on if the answer is true. Show the terms and ask. */
  onLicence: (plan: ImportPlan) => boolean | Promise<boolean>;
  /** 0 to 1. */
  onProgress?: (fraction: number) => void;
  /** Ends the import at once; nothing of it stays. */
  signal?: AbortSignal;
}

/**
 * Makes a model of checkpoint files as they were published: a network and its autoencoder, `.pth` or `.safetensors`,
 * in any order. They are read and converted in a worker, piece by piece, and the model is kept on this device;
 * `Upscaler.create({ model: name })` runs it from then on, also offline. Released x4 checkpoints are recognised; others
 * need their configurations as `.json` files among the `files`.
 */
export function importModel(files: readonly (File | Blob)[], options: ImportOptions): Promise<StoredModel>;
