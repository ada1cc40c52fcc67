/** Turns the caller's options into those that the engine takes. The engine checks what depends on the model. */

import { addresses, sizes } from 'shipped-models';
import * as limits from '../../../limits.json';
import type {
  AssetOptions,
  CanvasOptions,
  CreateOptions,
  ImportOptions,
  PixelFormats,
  PixelOptions,
  Snapshot,
  UpscaleOptions,
} from '../index.d.ts';
import { badOption, invalidOption, tag } from '../shared/error.ts';
import { maxPixels, type ModelSize } from '../shared/limits.ts';
import type { EngineSource, ImportOrder, Output, Run, Settings } from '../shared/protocol.ts';
import { check } from './option-names.ts';

const DEVICES = ['auto', 'webgpu', 'cpu'] as const;
const FORMATS = ['png', 'jpeg', 'webp', 'imageData', 'imageBitmap'] as const;
/** What the kernels in `shaders/` need. */
const DEVICE_LIMITS = {
  maxComputeInvocationsPerWorkgroup: 64,
  maxComputeWorkgroupStorageSize: 14 << 10,
  maxStorageBuffersPerShaderStage: 7,
};
const U32_MAX = 2 ** 32 - 1;
/** Folder of the bundle that contains this. Not `new URL('./', here)`: Next takes that for the address of a file. */
const here = import.meta.url;

/** @throws UpscalerError `bad-option` */
export function settings(options: CreateOptions): Settings {
  check('create', options);
  const { model = limits.defaultModel, device = 'auto', mirrors = [], engines, gpuDevice } = options;
  if (!DEVICES.includes(device)) throw invalidOption(`device must be one of ${DEVICES.join(', ')}`, device);
  if (engines !== undefined) checkInteger('engines must be', engines, limits.engines);
  if (gpuDevice !== undefined) checkDevice(gpuDevice, device);
  if (!Array.isArray(mirrors)) throw invalidOption('mirrors must be an array of URLs', mirrors);
  const base = options.baseUrl === undefined ? here : address(options.baseUrl, 'baseUrl');
  const folder = `models/${modelName(model)}/`;
  const folders = [base, ...mirrors.map((mirror) => address(mirror, 'mirror'))].map((place) => new URL(folder, place).href);
  if (options.modelUrl !== undefined) folders[0] = address(options.modelUrl, 'modelUrl').href;
  const own = options.baseUrl === undefined && options.modelUrl === undefined;
  return {
    model,
    bytes: modelSize(model).bytes,
    folders,
    files: (own && addresses(model)) || {},
    own,
    engine: engineSource(options),
    worker: workerUrl(options),
    device: gpuDevice === undefined ? device : 'webgpu',
    engines,
    maxPixels: maxPixels(),
  };
}

/** Sizes of a model of the package. For any other model, those of the default one, because its network is unknown. */
export function modelSize(name = ''): ModelSize {
  return sizes[name] ?? sizes[limits.defaultModel]!;
}

/** Throws unless it is a GPUDevice, of any frame, with the limits that the kernels need. Every ordinary device has them. */
function checkDevice(given: GPUDevice, device: string): void {
  if (device === 'cpu') throw badOption('The device cpu cannot use a gpuDevice.');
  if (tag(given) !== 'GPUDevice') throw invalidOption('gpuDevice must be a GPUDevice', given);
  for (const [limit, min] of Object.entries(DEVICE_LIMITS)) {
    const value = given.limits[limit as keyof typeof DEVICE_LIMITS];
    if (value < min) throw badOption(`gpuDevice has ${limit} ${value}; it needs ${min}.`);
  }
}

/** @throws UpscalerError `bad-option` */
export function importOrder(files: readonly Blob[], options: ImportOptions): ImportOrder {
  check('importModel', options);
  const { name, config, storage, onLicence } = options;
  if (onLicence === undefined) throw badOption('onLicence is missing: a function that shows the terms of the weights.');
  if (name !== undefined && name in sizes) throw badOption(`${name} comes with the package: choose another name.`);
  const list = Array.from(files ?? []);
  const stranger = list.find((file) => !(file instanceof Blob));
  if (stranger !== undefined || list.length === 0) throw invalidOption('files must be an array of File or Blob objects', stranger ?? files);
  return {
    files: list,
    name: name === undefined ? undefined : modelName(name),
    config,
    storage,
    engine: engineSource(options),
    worker: workerUrl(options),
  };
}

/** @throws UpscalerError `bad-option` */
export function modelName(name: unknown): string {
  if (typeof name === 'string' && /^[\w-][\w.-]{0,127}$/.test(name)) return name;
  throw invalidOption('A model name has only letters, digits, points, hyphens and underscores', name);
}

function engineSource({ engine, baseUrl }: AssetOptions): EngineSource {
  if (engine instanceof WebAssembly.Module) return engine;
  if (engine instanceof ArrayBuffer) return new Uint8Array(engine.slice(0));
  if (engine instanceof Uint8Array) return new Uint8Array(engine);
  if (engine !== undefined) return url(engine, 'engine').href;
  // Literal, so that bundlers find the file.
  if (baseUrl === undefined) return new URL('./engine/resshift_bg.wasm', import.meta.url).href;
  return new URL('engine/resshift_bg.wasm', address(baseUrl, 'baseUrl')).href;
}

function workerUrl({ worker }: AssetOptions): string | undefined {
  return worker === undefined ? undefined : url(worker, 'worker').href;
}

function address(given: string | URL, what: string): URL {
  const folder = url(given, what);
  if (!folder.pathname.endsWith('/')) folder.pathname += '/';
  return folder;
}

function url(given: string | URL, what: string): URL {
  try {
    return new URL(given, globalThis.document?.baseURI ?? here);
  } catch {
    throw invalidOption(`${what} is not a valid URL`, given);
  }
}

/** The options of each kind of result. */
export type AnyOptions = UpscaleOptions | PixelOptions<keyof PixelFormats> | CanvasOptions;
type Merged = Omit<UpscaleOptions, 'format'> & { format?: (typeof FORMATS)[number]; canvas?: CanvasOptions['canvas'] };

/** @throws UpscalerError `bad-option` */
export function run(options: Merged): Run {
  check('upscale', options);
  const { steps, seed = 0, temperature, tile = 'auto', onTile, onPreview, onSnapshot, snapshotInterval = 20, resume } = options;
  if (steps !== undefined) checkSteps(steps, 0);
  if (!isInteger(seed, 0, Number.MAX_SAFE_INTEGER)) throw invalidOption('seed must be an integer from 0 to 2^53 - 1', seed);
  const [min, max] = limits.temperature as [number, number];
  if (temperature !== undefined && !(typeof temperature === 'number' && temperature >= min && temperature <= max)) {
    throw invalidOption(`temperature must be from ${min} to ${max}`, temperature);
  }
  if (tile !== 'auto') checkInteger("tile must be 'auto' or", tile, limits.tile);
  if (!(Number.isFinite(snapshotInterval) && snapshotInterval >= 0))
    throw invalidOption('snapshotInterval must be at least 0 seconds', snapshotInterval);
  if (resume !== undefined && !isSnapshot(resume)) throw invalidOption('resume must be a snapshot from onSnapshot', resume);
  return {
    output: outputOf(options),
    bitmap: options.format === 'imageBitmap',
    steps,
    seed,
    temperature,
    tile: tile === 'auto' ? undefined : tile,
    tiles: onTile !== undefined,
    previews: onPreview !== undefined,
    snapshots: onSnapshot && snapshotInterval * 1000,
    resume,
  };
}

/** The engine checks whether the snapshot belongs to the run. */
function isSnapshot(given: unknown): given is Snapshot {
  const { step, key, data } = (given ?? {}) as Partial<Snapshot>;
  return isInteger(step, 1, U32_MAX) && typeof key === 'string' && ['Blob', 'File'].includes(tag(data));
}

function outputOf({
  canvas,
  format = canvas ? 'imageData' : 'png',
  quality,
  depth = 8,
  width,
  height,
  scale,
  metadata = 'keep',
}: Merged): Output {
  if (!FORMATS.includes(format)) throw invalidOption(`format must be one of ${FORMATS.join(', ')}`, format);
  if (quality !== undefined) checkInteger('quality must be', quality, limits.quality);
  const pixels = format === 'imageData' || format === 'imageBitmap';
  if (canvas !== undefined && !pixels) throw badOption('Give either a format or a canvas, not both.');
  if (quality !== undefined && (pixels || format === 'png')) throw badOption("Only files of the formats 'jpeg' and 'webp' have a quality.");
  if (depth !== 8 && depth !== 16) throw invalidOption('depth must be 8 or 16', depth);
  if (depth === 16 && format !== 'png') throw badOption('Only PNG files can have a depth of 16.');
  if (metadata !== 'keep' && metadata !== 'strip') throw invalidOption("metadata must be 'keep' or 'strip'", metadata);
  checkSides([width, height].filter((side) => side !== undefined));
  if (scale !== undefined) {
    if (!(typeof scale === 'number' && scale > 0 && scale <= limits.scale))
      throw invalidOption(`scale must be above 0 and at most ${limits.scale}`, scale);
    if (width !== undefined || height !== undefined) throw badOption('Give either scale or a size, not both.');
  }
  return { format: pixels ? 'pixels' : format, quality, depth, width, height, scale, metadata: metadata === 'keep' };
}

/** @throws UpscalerError `bad-option` */
export function checkSides(sides: readonly unknown[]): void {
  for (const side of sides) if (!isInteger(side, 1, U32_MAX)) throw invalidOption('width and height must be integers of at least 1', side);
}

/** @throws UpscalerError `bad-option` */
export function checkSteps(steps: unknown, min: number): void {
  if (!isInteger(steps, min, U32_MAX)) throw invalidOption(`steps must be an integer of at least ${min}`, steps);
}

/** @throws UpscalerError `bad-option` */
function checkInteger(rule: string, value: unknown, [min, max]: readonly number[]): void {
  if (!isInteger(value, min!, max!)) throw invalidOption(`${rule} an integer from ${min} to ${max}`, value);
}

function isInteger(value: unknown, from: number, to: number): boolean {
  return Number.isSafeInteger(value) && (value as number) >= from && (value as number) <= to;
}
