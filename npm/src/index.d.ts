/// <reference lib="esnext.disposable" />

/**
 * ResShift x4 upscaling in the browser. All work happens on this device: in a dedicated worker, or with `gpuDevice` in the calling
 * thread. No byte of a picture is sent anywhere.
 */

declare global {
  /** For TypeScript versions without WebGPU types. Others merge their own declaration with it. */
  interface GPUDevice {}
}

/**
 * Where the networks run. `auto` picks the GPU or the CPU, whichever was faster in a short measurement at the first start. A GPU that
 * fails a self-test is skipped.
 */
export type Device = 'auto' | 'webgpu' | 'cpu';

/** Where the package's own files are. Default: beside this module, or where a bundler has put them. */
export interface AssetOptions {
  /** A folder that contains `engine/` and `models/`. */
  baseUrl?: string | URL;
  /** The WebAssembly file: its address, its bytes, or the compiled module. */
  engine?: string | URL | ArrayBuffer | Uint8Array | WebAssembly.Module;
  /** The worker's file. If it is on another site, a blob imports it; the content security policy must allow both. */
  worker?: string | URL;
}

/** What to load, and where to run it. */
export interface CreateOptions extends AssetOptions {
  /** Name of a model folder in `baseUrl + 'models/'`, or of a model made by {@link importModel}. Default `compact`. */
  model?: string;
  /** The model's folder, which contains `model.json`. Default: `baseUrl + 'models/' + model`. */
  modelUrl?: string | URL;
  /** Other folders with the same `models/`. They are tried in turn if `baseUrl` fails. */
  mirrors?: readonly (string | URL)[];
  /** Default `auto`. */
  device?: Device;
  /**
   * A device of your own to compute on. Devices cannot be transferred to another thread, so the engine runs in the thread that calls
   * `create`, preferably a worker of yours. You can keep using the device; nothing on it is changed or destroyed. If it is lost, calls
   * fail with `gpu`.
   */
  gpuDevice?: GPUDevice;
  /**
   * Maximum number of engines that share a picture on the CPU, 1 to 4. Each holds the model and some rows of the picture in memory.
   * Default: one less than the number of processors, at most 4. It is 1 with fewer than 4 processors, or if the weights are larger
   * than 64 MiB.
   */
  engines?: number;
  /** Ends the download. */
  signal?: AbortSignal;
  /** Download progress. */
  onProgress?: (progress: LoadProgress) => void;
}

/** As for `create`, without the options of the device. */
export type PreloadOptions = Omit<CreateOptions, 'device' | 'gpuDevice' | 'engines'>;

/** How much of the files has been loaded. */
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
 * Anything that holds a picture. Bytes are an encoded file: PNG, JPEG, WebP, GIF, BMP or TIFF. Other formats that the browser decodes
 * work as 8-bit sRGB; SVG needs a document. An address is fetched if it is on the caller's own site, or a `blob:` or `data:` address.
 * From a video, the current frame is used. To pass bare pixels, wrap them in an `ImageData`.
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

/** How to run one picture, and which file to return. */
export interface UpscaleOptions {
  /**
   * Steps of the diffusion chain. Default: what the model was trained for (15). With 0 there is no diffusion step, and the result is
   * the picture that the chain starts from; the model must have a network for it ({@link ModelInfo.y0}).
   */
  steps?: number;
  /** Selects the noise; the same seed gives the same picture. Default 0. Integer, 0 to 2^53 - 1. */
  seed?: number;
  /** Factor on the noise, 0 to 2; 1 as in the paper. Default: what the model recommends. */
  temperature?: number;
  /**
   * Number of rows that are computed together, in input pixels, 8 to 4096, or `auto`. For a converted model, and for pictures wider than
   * 4096 pixels, it is the side of a tile; tiles smaller than those of `auto` take up to four times as long.
   */
  tile?: number | 'auto';
  /** Kind of the result's file: `png` (default), `jpeg` (transparent pixels on white), or `webp` (lossless, unless it has a `quality`). */
  format?: 'png' | 'jpeg' | 'webp';
  /** 1 to 100, for JPEG (default 92) and WebP; a WebP file with a quality is lossy. An error with PNG. */
  quality?: number;
  /** Bits per sample; 16 only for PNG. Default 8. */
  depth?: 8 | 16;
  /** In pixels, at most four times the input's. If it is given alone, the height follows. The x4 result is reduced (Lanczos). */
  width?: number;
  /** In pixels, at most four times the input's. If it is given alone, the width follows. */
  height?: number;
  /** Instead of `width` and `height`: enlargement above 0, at most 4. Default 4. */
  scale?: number;
  /**
   * Whether the result keeps the metadata of the input file: EXIF, XMP, IPTC and density, with the orientation already applied. Default
   * `keep`. A colour profile is always kept, because the result's colours depend on it.
   */
  metadata?: 'keep' | 'strip';
  /** Ends the run within one step. */
  signal?: AbortSignal;
  /** Called when tiles of a step are done. */
  onProgress?: (progress: RunProgress) => void;
  /**
   * Called once for each tile that `onProgress` counts, when its pixels are final: row by row from the top. Together they cover the
   * result once. All of them arrive in the last step; to show something earlier, use `onPreview`.
   */
  onTile?: (tile: Tile) => void;
  /**
   * Receives parts of the picture as the chain predicts them so far. Previews take a few percent of the time at most. If the model has
   * a network for it, the first preview is the picture that the chain starts from. Converted models have no previews, because theirs
   * would take too long.
   */
  onPreview?: (part: Tile) => void;
  /**
   * Receives the state of the run between two steps. Keep the last one to resume from it after a crash. There are no snapshots of runs
   * that take less than twice `snapshotInterval`, nor of pictures that are one tile on a GPU: their state never leaves it.
   */
  onSnapshot?: (snapshot: Snapshot) => void;
  /** Minimum time between two snapshots, in seconds; twenty times what the last one took, if that is longer. Default 20. */
  snapshotInterval?: number;
  /**
   * A snapshot to resume from. The result is the one that the interrupted run would have given, byte for byte on the same
   * device. A snapshot of another picture, model, `steps`, `seed` or `temperature` is ignored: the run begins at step 1.
   */
  resume?: Snapshot;
}

/** Options for pixels instead of a file: 8-bit sRGB, without metadata. */
export interface PixelOptions<F extends keyof PixelFormats> extends Omit<UpscaleOptions, 'format' | 'quality' | 'depth' | 'metadata'> {
  /** Kind of the result's pixels. */
  format: F;
}

/** Options for a result that is drawn into a canvas. */
export interface CanvasOptions extends Omit<UpscaleOptions, 'format' | 'quality' | 'depth' | 'metadata'> {
  /** Resized and drawn (8-bit sRGB) when the run has ended. It must have a 2D context, or none yet. */
  canvas: HTMLCanvasElement | OffscreenCanvas;
}

/** Pixels instead of a file, by the name of their kind. */
export interface PixelFormats {
  /** Alpha is not premultiplied. */
  imageData: ImageData;
  /** Close it when it is no longer needed. */
  imageBitmap: ImageBitmap;
}

/** The state of a run between two steps. A plain object that can be stored in IndexedDB. */
export interface Snapshot {
  /** Steps done. */
  step: number;
  /** Steps of the chain. */
  steps: number;
  /** Identifies the run that it can resume. Equal in every process; different for every other picture or chain. */
  key: string;
  /** The chain's state: with the default model, 192 bytes per input pixel, or 96 above 1 megapixel. The browser holds them outside the page's memory. */
  data: Blob;
}

/** How far a run has come. Each step computes each tile of the picture. */
export interface RunProgress {
  /** From 1 to `steps`. */
  step: number;
  /** Steps of the chain. */
  steps: number;
  /** Tiles of this step that are done, from 1 to `tiles`. */
  tile: number;
  /** Tiles of the picture: bands of rows, or squares for converted models and very wide pictures. `onTile` is called once for each. */
  tiles: number;
  /** Tiles done, over all tiles of all steps: 0 to 1. */
  fraction: number;
}

/** A tile, or another part, of the x4 enlargement, before it is reduced to another size. */
export interface Tile {
  /** Left edge in the x4 enlargement, in pixels. */
  x: number;
  /** Top edge in the x4 enlargement, in pixels. */
  y: number;
  /** Opaque RGBA pixels. */
  image: ImageData;
}

/** An upscaled picture. */
export interface Result {
  /** The picture as a file; its `type` names the format. */
  blob: Blob;
  /** In pixels. */
  width: number;
  /** In pixels. */
  height: number;
  /** Where it ran. */
  device: DeviceInfo;
  /**
   * What decoded the picture. `browser`: it was not a file, or a file that the engine does not read. Its pixels are then 8-bit sRGB,
   * without metadata or a colour profile.
   */
  decodedBy: 'engine' | 'browser';
}

/** As {@link Result}, with pixels instead of a file. */
export interface PixelResult<F extends keyof PixelFormats> extends Omit<Result, 'blob'> {
  /** The picture. */
  image: PixelFormats[F];
}

/** Estimated time and memory of a run. */
export interface Estimate {
  /** From this upscaler's largest run, or from the measurement that chose the device; null if there is neither. */
  seconds: number | null;
  /** Memory, as {@link Upscaler.memory} estimates it. */
  bytes: number;
}

/** Where the networks run, and why. */
export interface DeviceInfo {
  /** A GPU, through WebGPU, or the CPU. */
  kind: 'webgpu' | 'cpu';
  /** For people to read: the adapter's name, or `CPU`. */
  name: string;
  /** The GPU is emulated on the CPU. */
  software: boolean;
  /** Weights that are stored as f16 stay f16. Otherwise they become f32. */
  f16: boolean;
  /**
   * Side in pixels of the largest square picture that is one tile if the option `tile` is `auto`: as much as the device computes in
   * about five seconds with the default model, at most 320. Larger pictures are divided.
   */
  tile: number;
  /**
   * Why it was chosen: it was `asked` for; it is the `faster` one; there is `no-webgpu`; or there is WebGPU, but it fails the self-test
   * or does not answer (`webgpu-failed`).
   */
  reason: 'asked' | 'faster' | 'no-webgpu' | 'webgpu-failed';
  /** The measurement behind the choice, made now or at an earlier visit. */
  measured?: Measured;
}

/** Milliseconds for 1e9 multiplications in convolutions, about one evaluation of `nano` on 64x64 pixels. */
export interface Measured {
  /** On the GPU, with weights and maps in f32. */
  webgpu: number;
  /** On the GPU, with weights and maps in f16, if the GPU has it. */
  webgpuF16?: number;
  /** On one thread of the CPU; absent if the GPU was clearly faster. */
  cpu?: number;
  /** Whether convolutions through workgroup memory were faster; absent on emulated GPUs. */
  tiled?: boolean;
}

/** A model's description of itself. */
export interface ModelInfo {
  /** As in the option `model`. */
  name: string;
  /** Version of the weights. */
  version: string;
  /** Steps of the chain that it was trained for. */
  steps: number;
  /** Work of the network that draws the picture from which the chain starts, as a share of a step; 0 without such a network. */
  y0: number;
  /** Size of the weights in bytes. */
  bytes: number;
  /** The terms of the weights. */
  licence: Licence;
}

/** The terms of a model's weights. */
export interface Licence {
  /** SPDX identifier or plain name; `unknown` if only the authors of the weights know. */
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
  /** Made on this device by {@link importModel}, so it cannot be downloaded again. */
  imported: boolean;
}

/** What this browser can do. */
export interface Capabilities {
  /** Whether there is WebAssembly SIMD, which the engine needs. */
  wasm: boolean;
  /** The WebGPU adapter, if there is one. */
  webgpu: null | { name: string; software: boolean; f16: boolean; maxBufferBytes: number };
  /** What `auto` chooses, or is likely to choose before the first measurement; null if nothing can run. */
  recommended: 'webgpu' | 'cpu' | null;
  /** Whether IndexedDB can be used. */
  cache: boolean;
  /** Pixels of the largest picture that is accepted: 16 megapixels, or fewer if the device is known to have little memory. */
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

/** What happened and what to do, for each code, in one language. `resshift-web/languages/es`, `ja`, `vi` and `zh` export it. */
export type ErrorSentences = Readonly<Record<ErrorCode, readonly [message: string, advice: string]>>;

/** A worker with the engine and one model in it. Keep it for all pictures. */
export class Upscaler {
  private constructor();
  /** Loads the engine and the model (from the cache after the first time). */
  static create(options?: CreateOptions): Promise<Upscaler>;
  /** Downloads, checks and stores a model for later visits, also offline. Rejects with `storage` if it cannot be stored. */
  static preload(options?: PreloadOptions): Promise<void>;
  /** What this browser can do, without loading anything. */
  static capabilities(): Promise<Capabilities>;
  /**
   * Estimates the bytes that a page needs for a picture of this size, in pixels, without loading anything: on the CPU, with one engine
   * and the model. Each further engine adds a model and rows of its own. On a GPU both are in GPU memory. `model` is one of the
   * package's models. Default: `compact`, which also stands for any other model.
   */
  static memory(width: number, height: number, model?: string): number;
  /** Where it runs, and why. */
  readonly device: DeviceInfo;
  /** The model that it runs. */
  readonly model: ModelInfo;
  /** Problems that did not stop the work, such as a model that could not be stored. */
  readonly warnings: readonly UpscalerError[];
  /** Upscales one picture. Calls are queued. After an abort or an error the same object works again. */
  upscale(input: Input, options?: UpscaleOptions): Promise<Result>;
  /** The same, with pixels instead of a file. */
  upscale<F extends keyof PixelFormats>(input: Input, options: PixelOptions<F>): Promise<PixelResult<F>>;
  /** The same, drawn into a canvas. */
  upscale(input: Input, options: CanvasOptions): Promise<Omit<Result, 'blob'>>;
  /** The same as a loop over the tiles that `onTile` receives. The generator returns the result. Leaving the loop ends the run. */
  tiles(input: Input, options?: UpscaleOptions): AsyncGenerator<Tile, Result, undefined>;
  /** Estimates time and memory for a picture of this size, in pixels. Default of `steps`: the model's. */
  estimate(width: number, height: number, options?: { steps?: number }): Estimate;
  /** Ends the worker and frees its memory. Calls in progress fail with `aborted`, later ones with `disposed`. */
  dispose(): void;
  /** As `dispose`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** Every failure: a stable `code`, a plain sentence in `message`, and what to do in `advice`. */
export class UpscalerError extends Error {
  /** `AbortError` if the `signal` or `dispose` ended the call; `TimeoutError` if an `AbortSignal.timeout` did. */
  readonly name: 'UpscalerError' | 'AbortError' | 'TimeoutError';
  /** What went wrong. Stable across versions, unlike the sentence in `message`. */
  readonly code: ErrorCode;
  /** What a person can do, as a sentence. */
  readonly advice: string;
  /** The `reason` of the `signal` that ended the call. */
  readonly reason?: unknown;
  /** With the code `offline`: the address of the file that could not be reached. */
  readonly url?: string | undefined;
  /** Code and advice once more, because a structured clone keeps only these. */
  readonly cause: { code: ErrorCode; advice: string };
  /** Name, code, message and advice, for logs. */
  toJSON(): { name: string; code: ErrorCode; message: string; advice: string };
}

/** The models stored on this device, by name; none if the browser allows no storage. Loads nothing. */
export function listModels(): Promise<StoredModel[]>;

/** Deletes a model from this device, whether complete or partly downloaded. An upscaler that uses it keeps working. */
export function deleteModel(name: string): Promise<void>;

/** Deletes all models from this device. */
export function deleteAllModels(): Promise<void>;

/** What the files of a model contain, before anything is converted. */
export interface ImportPlan {
  /** The name that the model will have. */
  name: string;
  /** About how much storage it will take, in bytes. */
  bytes: number;
  /** The terms of the weights. */
  licence: Licence;
}

/** How to convert the files. */
export interface ImportOptions extends AssetOptions {
  /** Name of the model on this device. Default: from the contents of the files. An imported model of that name is replaced. */
  name?: string;
  /** Which released checkpoint it is (`realsr-v3`), if the name of the network's file does not say so. */
  config?: string;
  /** How weights are stored. Default `f16`. */
  storage?: 'f16' | 'f32' | 'int8';
  /** Called before anything is converted. Show the terms and ask; the import continues if the answer is true. */
  onLicence: (plan: ImportPlan) => boolean | Promise<boolean>;
  /** 0 to 1. */
  onProgress?: (fraction: number) => void;
  /** Ends the import immediately and deletes what it has stored. */
  signal?: AbortSignal;
}

/**
 * Converts published checkpoint files into a model: a network and its autoencoder, `.pth` or `.safetensors`, in any order. A worker
 * reads and converts them piece by piece, and the model stays on this device. `Upscaler.create({ model: name })` then runs it, also
 * offline. Released x4 checkpoints are recognised. Others need their configurations as `.json` files among the `files`.
 */
export function importModel(files: readonly (File | Blob)[], options: ImportOptions): Promise<StoredModel>;
