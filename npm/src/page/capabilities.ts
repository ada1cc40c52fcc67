/** What this browser can do, found without loading anything. */

import type { Capabilities } from '../index.d.ts';
import { adapterName, isSoftware } from '../shared/adapter.ts';
import { maxPixels } from '../shared/limits.ts';
import { settled } from '../shared/store.ts';
import { within } from '../shared/time-limit.ts';
import { gpuWins, recall } from './gpu-measurements.ts';

/** A module with one 128-bit vector: `(module (func (result v128) (i8x16.splat (i32.const 0))))`. */
const SIMD_MODULE = new Uint8Array([
  ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0], // magic and version
  ...[1, 5, 1, 0x60, 0, 1, 0x7b], // types: () -> v128
  ...[3, 2, 1, 0], // functions
  ...[10, 8, 1, 6, 0, 0x41, 0, 0xfd, 15, 0x0b], // code
]);

export async function capabilities(): Promise<Capabilities> {
  const wasm = typeof WebAssembly === 'object' && WebAssembly.validate(SIMD_MODULE);
  const [webgpu, cache] = await Promise.all([adapter(), indexedDbWorks()]);
  const measured = webgpu && recall(webgpu.name);
  const fast = measured ? gpuWins(measured) : webgpu !== null && !webgpu.software;
  return { wasm, webgpu, recommended: wasm ? (fast ? 'webgpu' : 'cpu') : null, cache, maxPixels: maxPixels() };
}

/** The GPU that the engine would open. */
export async function adapter(): Promise<Capabilities['webgpu']> {
  try {
    const found = await globalThis.navigator?.gpu?.requestAdapter({ powerPreference: 'high-performance' });
    if (!found) return null;
    return {
      name: adapterName(found.info),
      software: isSoftware(found.info),
      f16: found.features.has('shader-f16'),
      maxBufferBytes: found.limits.maxBufferSize,
    };
  } catch {
    return null;
  }
}

async function indexedDbWorks(): Promise<boolean> {
  const name = 'resshift-probe';
  try {
    const database = await within(settled(indexedDB.open(name)));
    database.close();
    indexedDB.deleteDatabase(name);
    return true;
  } catch {
    return false;
  }
}
