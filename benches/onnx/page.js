/** The two engines under measurement, in the page. `run.mjs` calls these one at a time. */

/** Side of the input in low-resolution pixels: one tile. */
const SIDE = 64;
/** Channels of the graph's input, see INPUT in export.py. */
const CHANNELS = 52;

let upscaler, session;

/** @param {'cpu' | 'webgpu'} device */
export async function createOurs(device) {
  const { Upscaler } = await import('/ours/index.js');
  upscaler = await Upscaler.create({ device });
  if (upscaler.device.kind !== device) throw new Error(`the engine runs on ${upscaler.device.kind}`);
  return { device: upscaler.device, warnings: upscaler.warnings.map(({ message }) => message) };
}

/** @param {'cpu' | 'webgpu'} device */
export async function createOrt(device) {
  const ort = await import(device === 'cpu' ? '/ort/ort.wasm.min.mjs' : '/ort/ort.webgpu.min.mjs');
  ort.env.wasm.wasmPaths = '/ort/';
  ort.env.wasm.numThreads = 1;
  const provider = device === 'cpu' ? 'wasm' : 'webgpu';
  const created = await ort.InferenceSession.create('/network.onnx', {
    executionProviders: [provider],
    graphOptimizationLevel: 'all',
    // An operation that the GPU lacks must be an error, not a detour.
    extra: device === 'cpu' ? {} : { session: { disable_cpu_ep_fallback: '1' } },
  });
  const input = new ort.Tensor('float32', pattern(CHANNELS * SIDE * SIDE), [1, CHANNELS, SIDE, SIDE]);
  session = async () => (await created.run({ input })).output.data;
  return { version: ort.env.versions.web, provider, error: await errorAgainstCpu(ort, input) };
}

/** How far the session's output is from that of onnxruntime-web's CPU provider, which must be near. */
async function errorAgainstCpu(ort, input) {
  const cpu = await ort.InferenceSession.create('/network.onnx', { executionProviders: ['wasm'] });
  const [want, got] = [(await cpu.run({ input })).output.data, await session()];
  await cpu.release();
  const error = want.reduce((worst, v, i) => Math.max(worst, Math.abs(v - got[i])), 0);
  if (!(error < 1e-3)) throw new Error(`the providers differ by ${error}`);
  return error;
}

/** The public call, from pixels to a PNG file. Milliseconds. */
export async function timeOurs(steps) {
  const pixels = Uint8ClampedArray.from(pattern(4 * SIDE * SIDE), (v, i) => (i % 4 === 3 ? 255 : 128 + 127 * v));
  const picture = new ImageData(pixels, SIDE, SIDE);
  let evaluations = 0;
  const begin = performance.now();
  const { width } = await upscaler.upscale(picture, { steps, onProgress: () => evaluations++ });
  const end = performance.now();
  // The difference of two runs is only then the time of so many evaluations.
  if (width !== 4 * SIDE || evaluations !== steps) throw new Error(`${evaluations} evaluations in ${steps} steps`);
  return end - begin;
}

/** One evaluation of the network, its output read. Milliseconds. */
export async function timeOrt() {
  const begin = performance.now();
  const output = await session();
  const end = performance.now();
  if (!output.every(Number.isFinite)) throw new Error('the output is not finite');
  return end - begin;
}

/** Values in [-1, 1], always the same. */
function pattern(length) {
  return Float32Array.from({ length }, (_, i) => Math.sin(i * i * 0.37));
}
