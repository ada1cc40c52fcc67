// A stand-in for the package with the same surface and no engine: enlarges with the browser's own scaling, tile by
// tile, at a speed and with failures that a test sets through `globalThis.fake`. Never part of the page.

const global = /** @type {{ fake?: import('./wishes.d.ts').Wishes }} */ (globalThis);
const wishes = (global.fake ??= {});

/** @type {Record<string, [string, string]>} */
const SENTENCES = {
  'no-webgpu': [
    'WebGPU is not available: the browser gave no adapter.',
    'Use a current browser with hardware acceleration turned on, or run on the CPU.',
  ],
  gpu: ['The GPU failed: the device was lost.', 'Try again with smaller tiles, or run on the CPU.'],
  'hash-mismatch': [
    'weights.safetensors is not the file that the model names: its SHA-256 differs.',
    'Reload the page. If the error stays, the copy on the server is damaged and its owner must replace it.',
  ],
  offline: [
    'resshift/models/compact/weights.safetensors could not be reached.',
    'Connect to the network once. After that, the model works offline.',
  ],
  storage: [
    'The model could not be kept for the next visit: the quota is exceeded.',
    'Free some disk space or allow storage for this site. Until then, every visit downloads the model.',
  ],
  'image-too-large': [
    'The picture is too large: 30000 x 30000 pixels; at most 16777216 can be upscaled here.',
    'Crop the picture or make it smaller before upscaling.',
  ],
  'out-of-memory': [
    'There is not enough memory for this picture.',
    'Use a smaller copy of the picture, or close other tabs and programs and try again.',
  ],
  'bad-checkpoint': [
    "The checkpoint cannot be used: in the network's file, input_blocks.0.0.weight is missing.",
    'Choose a released x4 checkpoint and its autoencoder.',
  ],
  aborted: ['Cancelled.', 'Start again whenever you like.'],
};

export class UpscalerError extends Error {
  /** @param {string} code */
  constructor(code) {
    super(SENTENCES[code]?.[0] ?? code);
    this.name = code === 'aborted' ? 'AbortError' : 'UpscalerError';
    this.code = code;
    this.advice = SENTENCES[code]?.[1] ?? '';
  }
}

/** @param {number} ms @param {AbortSignal} [signal] */
async function pause(ms, signal) {
  wishes.waiting = (wishes.waiting ?? 0) + 1;
  await new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(new UpscalerError('aborted'));
    const timer = setTimeout(resolve, ms);
    signal?.addEventListener('abort', () => {
      clearTimeout(timer);
      reject(new UpscalerError('aborted'));
    });
  }).finally(() => wishes.waiting--);
}

/** Pictures so far. */
let finished = 0;

/** @param {string | undefined} code */
function failOnce(code) {
  if (!code || (wishes.failures ?? 1) <= 0) return;
  wishes.failures = (wishes.failures ?? 1) - 1;
  throw new UpscalerError(code);
}

export class Upscaler {
  static async capabilities() {
    return (
      wishes.capabilities ?? {
        wasm: true,
        webgpu: { name: 'SwiftShader', software: true, f16: false, maxBufferBytes: 1 << 30 },
        recommended: 'cpu',
        cache: true,
        maxPixels: 1 << 24,
      }
    );
  }

  /** @param {import('resshift-web').CreateOptions} [options] */
  static async create({ device = 'auto', signal, onProgress } = {}) {
    const cached = false;
    for (const [phase, total] of /** @type {['engine' | 'weights', number][]} */ ([
      ['engine', 3_100_000],
      ['weights', 8_173_408],
    ])) {
      for (let i = 0; i <= 5; i++) {
        onProgress?.({ phase, loaded: (total * i) / 5, total, cached, fraction: (phase === 'engine' ? i : 5 + i) / 11 });
        await pause(wishes.pace ?? 5, signal);
      }
    }
    failOnce(wishes.createError);
    onProgress?.({ phase: 'ready', loaded: 1, total: 1, cached, fraction: 1 });
    return new Upscaler(
      wishes.device ??
        (device === 'webgpu'
          ? { kind: 'webgpu', name: 'SwiftShader', software: true, f16: false, tile: 320, reason: 'asked' }
          : { kind: 'cpu', name: 'CPU', software: false, f16: false, tile: 320, reason: 'faster' }),
    );
  }

  /** @param {import('resshift-web').PreloadOptions} [options] */
  static async preload({ model = 'compact', signal, onProgress } = {}) {
    await Upscaler.create({ device: 'cpu', signal, onProgress });
    stored = [
      ...stored,
      { name: model, version: '0.1', steps: 15, y0: 0, bytes: 8_173_408, licence: { name: 'CC0-1.0', commercial: true }, imported: false },
    ];
  }

  /** @param {import('resshift-web').DeviceInfo} device */
  constructor(device) {
    this.device = device;
    this.model = { name: 'compact', version: '0.1', steps: 15, y0: 0, bytes: 8_173_408, licence: { name: 'CC0-1.0', commercial: true } };
    this.warnings = (wishes.warnings ?? []).map((code) => new UpscalerError(code));
  }

  /** @param {Blob | HTMLImageElement} input @param {import('resshift-web').UpscaleOptions} [options] */
  async upscale(
    input,
    {
      steps = 15,
      seed = 0,
      format = 'png',
      quality = 92,
      scale = 4,
      width: wide,
      height: high,
      signal,
      onProgress,
      onTile,
      onPreview,
      onSnapshot,
      resume,
    } = {},
  ) {
    if (finished >= (wishes.finish ?? Infinity)) await pause(2 ** 30, signal);
    if (wishes.result) return this.ready(wishes.result, signal, onTile);
    const bitmap = await createImageBitmap(input);
    const width = bitmap.width * 4;
    const height = bitmap.height * 4;
    const canvas = new OffscreenCanvas(width, height);
    const context = /** @type {OffscreenCanvasRenderingContext2D} */ (canvas.getContext('2d', { willReadFrequently: true }));
    // Another seed gives another picture.
    context.filter = `contrast(1.15) saturate(1.1) hue-rotate(${seed}deg)`;
    context.drawImage(bitmap, 0, 0, width, height);
    const side = wishes.tile ?? 256;
    const tiles = [];
    for (let y = 0; y < height; y += side) for (let x = 0; x < width; x += side) tiles.push({ x, y });
    const key = `${width} ${height} ${steps}`;
    const begin = resume?.key === key ? resume.step + 1 : 1;
    for (let step = begin; step <= steps; step++) {
      for (const [index, tile] of tiles.entries()) {
        if (step > (wishes.hold ?? Infinity)) await pause(2 ** 30, signal);
        await pause((wishes.pace ?? 5) * (step === 1 && index === 0 ? (wishes.warmUp ?? 1) : 1), signal);
        if (step > steps / 2) failOnce(wishes.upscaleError);
        onProgress?.({
          step,
          steps,
          tile: index + 1,
          tiles: tiles.length,
          fraction: ((step - 1) * tiles.length + index + 1) / (steps * tiles.length),
        });
        const image = context.getImageData(tile.x, tile.y, Math.min(side, width - tile.x), Math.min(side, height - tile.y));
        if (step === steps) onTile?.({ ...tile, image });
        else onPreview?.({ ...tile, image });
      }
      if (wishes.snapshots && step < steps) onSnapshot?.({ step, steps, key, data: new Blob([Float32Array.of(step)]) });
    }
    const factor = wide ? wide / width : high ? high / height : scale / 4;
    const result = new OffscreenCanvas(Math.round(width * factor), Math.round(height * factor));
    result.getContext('2d')?.drawImage(canvas, 0, 0, result.width, result.height);
    finished++;
    return {
      blob: await result.convertToBlob({ type: `image/${format}`, quality: quality / 100 }),
      width: result.width,
      height: result.height,
      device: this.device,
      decodedBy: input instanceof Blob ? 'engine' : 'browser',
    };
  }

  /**
   * In rows of tiles, as the engine does.
   * @param {NonNullable<import('./wishes.d.ts').Wishes['result']>} result @param {AbortSignal} [signal] @param {import('resshift-web').UpscaleOptions['onTile']} [onTile]
   */
  async ready({ url, type, width, height }, signal, onTile) {
    for (let y = 0; y < height; y += 1024) {
      await pause(wishes.pace ?? 5, signal);
      onTile?.({ x: 0, y, image: new ImageData(width, Math.min(1024, height - y)) });
    }
    return { blob: new Blob([await (await fetch(url)).arrayBuffer()], { type }), width, height, device: this.device, decodedBy: 'engine' };
  }

  /** @param {number} width @param {number} height */
  static memory(width, height) {
    return 500 * width * height;
  }

  /** @param {number} width @param {number} height @param {{ steps?: number }} [options] */
  estimate(width, height, { steps = 15 } = {}) {
    const { secondsPerPixel = 1e-5 } = wishes;
    return { seconds: secondsPerPixel && secondsPerPixel * width * height * steps, bytes: Upscaler.memory(width, height) };
  }

  dispose() {}
}

/** @type {import('resshift-web').StoredModel[]} */
let stored = wishes.models ?? [];

export async function listModels() {
  return stored;
}

/** @param {string} name */
export async function deleteModel(name) {
  stored = stored.filter((model) => model.name !== name);
}

export async function deleteAllModels() {
  stored = [];
}

/** @param {readonly File[]} _files @param {import('resshift-web').ImportOptions} options */
export async function importModel(_files, { onLicence, onProgress, signal }) {
  await pause(wishes.pace ?? 5, signal);
  failOnce(wishes.importError);
  const licence = { name: 'S-Lab License 1.0', commercial: false, url: 'https://example.com/licence' };
  const plan = { name: 'resshift-realsr-v3', bytes: 347_000_000, licence };
  if (!(await onLicence(plan))) throw new UpscalerError('aborted');
  for (let i = 0; i <= 5; i++) {
    onProgress?.(i / 5);
    await pause(wishes.pace ?? 5, signal);
  }
  const model = { ...plan, version: 'f16', steps: 4, imported: true };
  stored = [...stored, model];
  return model;
}
