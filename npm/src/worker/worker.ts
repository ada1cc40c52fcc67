/** The worker: loads the engine and passes messages to it and back. As a module in another thread it uses a port (`page/same-thread.ts`). */

import { keptMemory } from '../../../limits.json';
import { exhausted, initSync, Loading, type Engine } from '../../engine/resshift.js';
import type { DeviceInfo, ImportPlan } from '../index.d.ts';
import { adapterName, deviceName } from '../shared/adapter.ts';
import { aborted, http, notTheFile, offline, outOfMemory, policy, UpscalerError } from '../shared/error.ts';
import type {
  Answer,
  Done,
  EngineSource,
  Fault,
  ImportOrder,
  Listeners,
  Note,
  Part as PicturePart,
  Payload,
  Request,
  Run,
  Serve,
  Settings,
} from '../shared/protocol.ts';
import { stored } from '../shared/store.ts';
import { isHtml, contentType } from '../shared/content-type.ts';
import { shareDevice, type SharedDevice } from './shared-device.ts';
import { loadModel } from './model-loader.ts';
import { importFiles } from './import.ts';
import { overallProgress, type Part } from './load-progress.ts';
import { Helper, helpersHere, Team, type Job, type Joining, type Reply } from './team.ts';

/** Size of the WebAssembly file, set by `build.mjs`, because a compressed answer does not state it. */
declare const ENGINE_BYTES: number;

let post = self.postMessage as (message: Note | Answer | Reply, transfer: Transferable[]) => void;

let engine: Engine | undefined;
/** Continues the import, or ends it. */
let consent: ((given: boolean) => void) | undefined;
/** Creates the helpers of a run; undefined on a GPU. */
let team: (() => Team) | undefined;
/** Does this worker's part if it is a helper. */
const helper = new Helper();
/** The device of the thread that runs this file as a module. */
let shared: SharedDevice | undefined;
/** Ends the downloads of a module, which cannot be terminated itself. */
let halt: AbortSignal | undefined;
/** Settles with the last request. */
let running: Promise<void> = Promise.resolve();

const receive = ({ data }: MessageEvent<Request | Joining | Job>): void => {
  if (data.type === 'join' || data.type === 'predict') void helper.answer(data, post);
  else if (data.type === 'abort') engine?.abort();
  else if (data.type === 'consent') consent?.(data.given);
  else running = answer(data).catch(fail);
};

if (!/#thread-\d+$/.test(import.meta.url)) {
  self.onmessage = receive;
  // No promise reports a panic inside an asynchronous call.
  self.addEventListener('error', ({ message, error }) => fail(error ?? new Error(message)));
  self.addEventListener('unhandledrejection', ({ reason }) => fail(reason));
}

/** Answers on `port` instead of as a worker, with an engine on `device`. Only one at a time. */
export const serve: Serve = (port, device) => {
  const [stop, deaf] = [new AbortController(), new AbortController()];
  const sharing = shareDevice(device);
  [halt, shared] = [stop.signal, sharing];
  post = (message, transfer) => port.postMessage(message, transfer);
  port.onmessage = receive;
  const trapped = new Promise<void>((resolve) => {
    // Of the uncaught errors in this thread, only WebAssembly traps and Rust panics are the engine's.
    const hear = (event: Event, thrown: unknown): void => {
      if (!(thrown instanceof WebAssembly.RuntimeError) && !/^panicked at /.test((thrown as Error | null)?.message ?? '')) return;
      event.preventDefault();
      fail(thrown);
      resolve();
    };
    self.addEventListener('error', (event) => hear(event, event.error), { signal: deaf.signal });
    self.addEventListener('unhandledrejection', (event) => hear(event, event.reason), { signal: deaf.signal });
  });
  return async () => {
    engine?.abort();
    stop.abort(aborted());
    await Promise.race([running, trapped]);
    deaf.abort();
    port.close();
    sharing.release();
    const last = engine;
    engine = undefined;
    last?.free();
  };
};

async function answer(request: Exclude<Request, { type: 'abort' | 'consent' }>): Promise<void> {
  if (request.type === 'create') await create(request.settings);
  else if (request.type === 'import') await convert(request.order);
  else await upscale(request.input, request.run);
}

async function create(settings: Settings): Promise<void> {
  const whole = overallProgress(typeof settings.engine === 'string' ? ENGINE_BYTES : 0, settings.bytes);
  const report = (part: Part): void => post({ type: 'load', progress: whole(part) }, []);
  const module = await loadEngine(settings.engine, report);
  const loading = await Loading.open(settings.device, settings.measured, shared?.requestAdapter);
  let ready: Engine | undefined;
  const storageWarnings = await loadModel({ ...settings, signal: halt }, loading, () => (ready = loading.finish()), report);
  if (ready === undefined) throw new Error('a model that is delivered is also built');
  engine = ready;
  engine.maxPixels = settings.maxPixels;
  const { device, model, warnings } = engine;
  const helpers = helpersHere(settings.engines, model.bytes);
  if (device.kind === 'cpu' && helpers > 0) team = () => new Team(settings.model, module, helpers);
  report({ phase: 'ready', loaded: model.bytes, total: model.bytes, cached: false });
  post({ type: 'created', device: await named(device), model, warnings: [...warnings, ...storageWarnings.map(plain)] }, []);
}

async function convert(order: ImportOrder): Promise<void> {
  await loadEngine(order.engine, () => undefined);
  const ask = (plan: ImportPlan): Promise<boolean> => {
    post({ type: 'plan', plan }, []);
    return new Promise((resolve) => (consent = resolve));
  };
  const entry = await importFiles(order, ask, (fraction) => post({ type: 'converted', fraction }, []));
  post({ type: 'imported', model: stored(entry) }, []);
}

/** The browser's name of the adapter that the engine has opened. */
async function named(device: DeviceInfo): Promise<DeviceInfo> {
  if (device.kind === 'cpu') return device;
  if (shared) return { ...device, name: deviceName(shared.device) };
  const adapter = await navigator.gpu.requestAdapter({ powerPreference: 'high-performance' });
  return adapter ? { ...device, name: adapterName(adapter.info) } : device;
}

async function loadEngine(source: EngineSource, report: (part: Part) => void): Promise<WebAssembly.Module> {
  try {
    const module = typeof source === 'string' ? await fetchEngine(source, report) : await compiled(source);
    initSync({ module });
    return module;
  } catch (error) {
    // Without 'wasm-unsafe-eval' in the policy, browsers refuse to compile.
    if (error instanceof UpscalerError || !/content security|\bCSP\b|unsafe-eval/i.test((error as Error).message)) throw error;
    throw policy('WebAssembly', "script-src, which needs 'wasm-unsafe-eval',");
  }
}

async function compiled(source: Exclude<EngineSource, string>): Promise<WebAssembly.Module> {
  return source instanceof WebAssembly.Module ? source : WebAssembly.compile(source);
}

async function fetchEngine(url: string, report: (part: Part) => void): Promise<WebAssembly.Module> {
  const response = await fetch(url, { signal: halt ?? null }).catch(() => {
    throw offline(url);
  });
  if (!response.ok || response.body === null) throw http(url, response.status);
  if (isHtml(response)) throw notTheFile(url, contentType(response));
  let loaded = 0;
  let first: number | undefined;
  const count = new TransformStream<Uint8Array, Uint8Array>({
    transform(piece, out) {
      first ??= piece[0];
      loaded += piece.byteLength;
      report({ phase: 'engine', loaded, total: Math.max(loaded, ENGINE_BYTES), cached: false });
      out.enqueue(piece);
    },
  });
  const headers = { 'content-type': 'application/wasm' };
  try {
    return await WebAssembly.compileStreaming(new Response(response.body.pipeThrough(count), { headers }));
  } catch (error) {
    // A WebAssembly file begins with 0.
    if (first) throw notTheFile(url, contentType(response));
    throw /^(Compile|Eval)Error$/.test((error as Error).name) ? error : offline(url);
  }
}

/** What `Engine.upscale` returns. */
interface Finished extends Omit<Done, 'type' | 'image' | 'large'> {
  /** Bytes of the engine's memory, which never shrinks. */
  memory: number;
  /** RGBA, instead of a file. */
  data?: Uint8ClampedArray<ArrayBuffer>;
}

async function upscale(input: Payload, run: Run): Promise<void> {
  if (engine === undefined) throw new Error('upscale before create');
  const { output, bitmap, steps, seed, temperature, tile, tiles, previews, snapshots, resume } = run;
  const show =
    (type: 'tile' | 'preview') =>
    ({ x, y, ...pixels }: PicturePart): void =>
      post({ type, x, y, pixels }, [pixels.data.buffer]);
  const listeners: Listeners = {
    progress: (progress) => post({ type: 'progress', progress }, []),
    tile: tiles ? show('tile') : undefined,
    preview: previews ? show('preview') : undefined,
    snapshot: snapshots === undefined ? undefined : (snapshot) => post({ type: 'snapshot', snapshot }, []),
    interval: snapshots,
  };
  const helpers = team?.();
  const { data, memory, ...done } = (await engine
    .upscale(input, output, steps, seed, temperature, tile, listeners, resume, helpers)
    .finally(() => helpers?.close())) as Finished;
  // The memory of a module belongs to the thread, whatever becomes of the engine.
  const result = { ...done, large: memory > keptMemory && !shared };
  if (data === undefined) return post({ type: 'done', ...result }, []);
  const pixels = new ImageData(data, result.width, result.height);
  const image = bitmap ? await createImageBitmap(pixels) : pixels;
  post({ type: 'done', ...result, image }, [image instanceof ImageData ? data.buffer : image]);
}

/** Errors of the engine have a code. Anything else that is thrown means that the engine is broken. */
function fail(thrown: unknown): void {
  const fault = thrown as Partial<Fault> | null | undefined;
  if (typeof fault?.code === 'string' && typeof fault.advice === 'string') {
    post({ type: 'failed', fault: plain(fault as Fault) }, []);
  } else if (ranOut(thrown)) {
    post({ type: 'failed', fault: plain(outOfMemory()) }, []);
  } else {
    post({ type: 'broken', message: thrown instanceof Error ? thrown.message : String(thrown) }, []);
  }
}

/** Whether the engine or JavaScript ran out of memory. */
function ranOut(thrown: unknown): boolean {
  return thrown instanceof RangeError || (engine !== undefined && exhausted());
}

/** Copies the fields, because a message would keep only the sentence of an `Error`. */
function plain({ code, message, advice, url }: Fault): Fault {
  return { code, message, advice, url };
}
