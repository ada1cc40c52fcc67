// Every file from an address of the caller's choice, and the engine compiled beforehand.
import { attempt } from './try.js';

const address = './resshift/index.js';
/** @type {any} */ (globalThis).outcome = (async () => {
  const { Upscaler } = await import(address);
  const engine = await WebAssembly.compileStreaming(fetch('./elsewhere/resshift_bg.wasm'));
  return attempt(Upscaler, { engine, worker: './elsewhere/worker.js', modelUrl: './elsewhere/compact' });
})();
