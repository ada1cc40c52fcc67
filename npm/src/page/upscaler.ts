/** The public surface; `index.d.ts` describes it. */

import type * as api from '../index.d.ts';
import { deviceName } from '../shared/adapter.ts';
import { aborted, badOption, disposed, emptyFile, noBrowser, UpscalerError } from '../shared/error.ts';
import { pageBytes } from '../shared/limits.ts';
import type { Created, Done, Payload, Run, Settings } from '../shared/protocol.ts';
import { contextOf, draw } from './canvas.ts';
import { adapter, capabilities } from './capabilities.ts';
import { Connection } from './connection.ts';
import { Clock, estimate, learn, type Pace } from './estimate.ts';
import { decodeByBrowser, fetchPicture, isAddress, read } from './input.ts';
import { check } from './option-names.ts';
import { recall, remember } from './gpu-measurements.ts';
import * as options from './options.ts';
import { orAbort } from './or-abort.ts';
import { tilesOf } from './tiles.ts';

export { deleteAllModels, deleteModel, importModel, listModels } from './models.ts';
export { UpscalerError };

/** An engine's connection, and what it said when the model was loaded. */
interface Started {
  connection: Connection;
  created: Created;
  warnings: readonly UpscalerError[];
}

/** Codes of files that the engine does not read. */
const NOT_DECODED: readonly api.ErrorCode[] = ['not-an-image', 'bad-image', 'unsupported-image'];

/** Safari lacks the symbol. A polyfill must be loaded before this module. */
const asyncDispose: typeof Symbol.asyncDispose = Symbol.asyncDispose ?? Symbol.for('Symbol.asyncDispose');

export class Upscaler implements api.Upscaler {
  readonly #settings: Settings;
  readonly #gpuDevice: GPUDevice | undefined;
  #started: Started;
  #disposed = false;
  #pace: Pace | undefined;
  /** Settles when the last run of the queue has ended. */
  #queue: Promise<unknown> = Promise.resolve();

  private constructor(settings: Settings, gpuDevice: GPUDevice | undefined, started: Started) {
    // JavaScript, unlike TypeScript, can call it without one.
    if ((started as Started | undefined) === undefined)
      throw badOption('An upscaler is made by `await Upscaler.create()`, not by `new Upscaler()`.');
    this.#settings = settings;
    this.#gpuDevice = gpuDevice;
    this.#started = started;
  }

  static async create(given: api.CreateOptions = {}): Promise<Upscaler> {
    if (typeof Worker === 'undefined') throw noBrowser();
    const settings = options.settings(given);
    const { gpuDevice, signal, onProgress } = given;
    return new Upscaler(settings, gpuDevice, await start(settings, gpuDevice, signal, onProgress));
  }

  static async preload(given: api.PreloadOptions = {}): Promise<void> {
    check('preload', given);
    const upscaler = await Upscaler.create({ ...given, device: 'cpu' });
    upscaler.dispose();
    const [warning] = upscaler.warnings.filter(({ code }) => code === 'storage');
    if (warning) throw warning;
  }

  static capabilities(): Promise<api.Capabilities> {
    return capabilities();
  }

  static memory(width: number, height: number, model?: string): number {
    options.checkSides([width, height]);
    return pageBytes(width, height, options.modelSize(model));
  }

  get device(): api.DeviceInfo {
    return this.#started.created.device;
  }

  get model(): api.ModelInfo {
    return this.#started.created.model;
  }

  get warnings(): readonly UpscalerError[] {
    return this.#started.warnings;
  }

  upscale(input: api.Input, given?: api.UpscaleOptions): Promise<api.Result>;
  upscale<F extends keyof api.PixelFormats>(input: api.Input, given: api.PixelOptions<F>): Promise<api.PixelResult<F>>;
  upscale(input: api.Input, given: api.CanvasOptions): Promise<Omit<api.Result, 'blob'>>;
  async upscale(input: api.Input, given: options.AnyOptions = {}): Promise<api.Result & api.PixelResult<keyof api.PixelFormats>> {
    if (this.#disposed) throw disposed();
    const run = options.run(given);
    const { canvas } = given as Partial<api.CanvasOptions>;
    const context = canvas && contextOf(canvas);
    const before = this.#queue;
    let free = (): void => {};
    this.#queue = new Promise<void>((resolve) => (free = resolve));
    try {
      // Only addresses are waited for: a canvas is read at the time of the call.
      const source = isAddress(input) ? await fetchPicture(input, given.signal) : input;
      const payload = await read(source);
      if (payload instanceof Uint8Array && payload.length === 0) throw emptyFile();
      await orAbort(before, given.signal);
      const clock = new Clock();
      const onProgress = (progress: api.RunProgress): void => {
        clock.hear(progress);
        given.onProgress?.(progress);
      };
      const { file, image, width, height, pixels, decodedBy } = await this.#withFallback(source, payload, run, { ...given, onProgress });
      // The result has about the proportions of the input.
      const side = Math.sqrt((pixels * width) / height);
      this.#pace = learn(this.#pace, side, pixels / side, run.steps ?? this.model.steps, clock.seconds);
      if (context) draw(context, image as ImageData);
      // Each kind of result has a file or pixels, or is drawn.
      return { blob: file!, image: context ? undefined! : image!, width, height, device: this.device, decodedBy };
    } finally {
      // An earlier run may still be in progress if this one was aborted in the queue.
      void before.then(free);
    }
  }

  tiles(input: api.Input, given: api.UpscaleOptions = {}): AsyncGenerator<api.Tile, api.Result, undefined> {
    return tilesOf((options) => this.upscale(input, options), given);
  }

  estimate(width: number, height: number, given: { steps?: number } = {}): api.Estimate {
    check('estimate', given);
    const { steps = this.model.steps } = given;
    options.checkSides([width, height]);
    options.checkSteps(steps, this.model.y0 > 0 ? 0 : 1);
    return estimate(width, height, steps, this.#pace, this.device, this.model);
  }

  async [asyncDispose](): Promise<void> {
    this.dispose();
  }

  dispose(): void {
    this.#disposed = true;
    this.#started.connection.close();
  }

  /** The browser may decode files that the engine does not read. */
  async #withFallback(
    input: Exclude<api.Input, string | URL>,
    payload: Payload,
    run: Run,
    given: options.AnyOptions,
  ): Promise<Done & Pick<api.Result, 'decodedBy'>> {
    const decodedBy = payload instanceof Uint8Array ? 'engine' : 'browser';
    try {
      return { ...(await this.#run(payload, run, given)), decodedBy };
    } catch (error) {
      if (!(decodedBy === 'engine' && error instanceof UpscalerError && NOT_DECODED.includes(error.code))) throw error;
      const pixels = await decodeByBrowser(input as Blob | ArrayBuffer, error.code === 'bad-image');
      if (pixels === undefined) throw error;
      return { ...(await this.#run(pixels, run, given)), decodedBy: 'browser' };
    }
  }

  async #run(payload: Payload, run: Run, { signal, onProgress, onTile, onPreview, onSnapshot }: options.AnyOptions): Promise<Done> {
    // An aborted run may still be in its last step.
    await orAbort(this.#started.connection.idle, signal);
    if (!this.#disposed && !this.#started.connection.open) {
      this.#started = await start(this.#settings, this.#gpuDevice, signal);
    }
    if (this.#disposed) {
      this.#started.connection.close();
      throw aborted();
    }
    return this.#started.connection.upscale(
      payload,
      run,
      (note) => {
        if (note.type === 'progress') onProgress?.(note.progress);
        if (note.type === 'snapshot') onSnapshot?.(note.snapshot);
        if (note.type === 'tile' || note.type === 'preview') {
          const { data, width, height } = note.pixels;
          const listener = note.type === 'tile' ? onTile : onPreview;
          listener?.({ x: note.x, y: note.y, image: new ImageData(data, width, height) });
        }
      },
      signal,
    );
  }
}

// The static side is not part of `implements`.
Upscaler satisfies Pick<typeof api.Upscaler, 'create' | 'capabilities' | 'memory' | 'preload'>;

/** A new engine with the model loaded. With `auto`, a GPU that fails is replaced by the CPU. */
async function start(
  settings: Settings,
  gpuDevice?: GPUDevice,
  signal?: AbortSignal,
  onProgress?: api.CreateOptions['onProgress'],
): Promise<Started> {
  const gpu = gpuDevice ? { name: deviceName(gpuDevice) } : settings.device === 'cpu' ? null : await adapter();
  const measured = gpu ? recall(gpu.name) : undefined;
  const attempt = async (device: api.Device): Promise<Started> => {
    const connection = new Connection(settings.worker, gpuDevice);
    try {
      const created = await connection.create(
        { ...settings, device, measured },
        (note) => note.type === 'load' && onProgress?.(note.progress),
        signal,
      );
      if (gpu && created.device.measured) remember(gpu.name, created.device.measured);
      return { connection, created, warnings: created.warnings.map((fault) => new UpscalerError(fault)) };
    } catch (error) {
      connection.close();
      throw error;
    }
  };
  try {
    return await attempt(settings.device);
  } catch (error) {
    const gpuMayBeToBlame = error instanceof UpscalerError && (error.code === 'gpu' || error.code === 'internal');
    if (settings.device !== 'auto' || !gpuMayBeToBlame) throw error;
    const started = await attempt('cpu');
    return { ...started, warnings: [error, ...started.warnings] };
  }
}
