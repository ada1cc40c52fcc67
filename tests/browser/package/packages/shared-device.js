// A GPUDevice of the page's: the engine is then a module of the page instead of a worker.
import { Upscaler } from 'resshift-web';

/** @type {any} */ (globalThis).outcome = (async () => {
  const gpuDevice = await (await navigator.gpu.requestAdapter())?.requestDevice();
  if (!gpuDevice) throw new Error('no WebGPU');
  const upscaler = await Upscaler.create({ gpuDevice });
  upscaler.dispose();
  return upscaler.device.kind;
})();
