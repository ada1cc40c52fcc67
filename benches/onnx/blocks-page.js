/** Blocks of the released UNet in both engines, in the page. `blocks.mjs` calls these one at a time. */

let run;

/** A session of `file`, its inputs on the GPU and its output left there. */
export async function createOrt({ file, inputs }) {
  const ort = await import('/ort/ort.webgpu.min.mjs');
  ort.env.wasm.wasmPaths = '/ort/';
  ort.env.wasm.numThreads = 1;
  const session = await ort.InferenceSession.create(`/${file}`, {
    executionProviders: ['webgpu'],
    graphOptimizationLevel: 'all',
    preferredOutputLocation: 'gpu-buffer',
    // An operation that the GPU lacks must be an error, not a detour.
    extra: { session: { disable_cpu_ep_fallback: '1' } },
  });
  const device = await ort.env.webgpu.device;
  const feeds = Object.fromEntries(inputs.map((dims, i) => [`input${i}`, onGpu(ort, device, dims)]));
  run = async () => {
    const { output } = await session.run(feeds);
    await device.queue.onSubmittedWorkDone();
    output.dispose();
  };
  return { version: ort.env.versions.web };
}

function onGpu(ort, device, dims) {
  const values = Float32Array.from({ length: dims.reduce((a, b) => a * b) }, (_, i) => Math.sin(i * i * 0.37));
  const { STORAGE, COPY_SRC, COPY_DST } = GPUBufferUsage;
  const buffer = device.createBuffer({ size: values.byteLength, usage: STORAGE | COPY_SRC | COPY_DST });
  device.queue.writeBuffer(buffer, 0, values);
  return ort.Tensor.fromGpuBuffer(buffer, { dataType: 'float32', dims });
}

/** One run, until the GPU has done it; the fastest of three. Milliseconds. */
export async function timeOrt() {
  let fastest = Infinity;
  for (let i = 0; i < 3; i++) {
    const begin = performance.now();
    await run();
    fastest = Math.min(fastest, performance.now() - begin);
  }
  return fastest;
}

/** The rows of `src/bench/mod.rs` whose names hold `word`, and the adapter's. */
export async function timeOurs(word) {
  const model = await (await fetch('/ours/models/compact/model.json')).text();
  const worker = new Worker('/ours/bench.js', { type: 'module' });
  try {
    return await new Promise((done, failed) => {
      const rows = [];
      worker.onerror = ({ message }) => failed(new Error(message));
      worker.onmessage = ({ data }) => {
        if (data.row) rows.push(JSON.parse(data.row));
        else if (data.done) done({ peaks: rows[0], rows: rows.slice(1) });
        else failed(new Error(data.broken));
      };
      worker.postMessage({ model, word });
    });
  } finally {
    worker.terminate();
  }
}
