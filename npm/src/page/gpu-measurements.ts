/** What was measured of a GPU when it was first chosen or skipped. Kept between visits if the page has storage. */

import type { Measured } from '../index.d.ts';

/** Size of the WebAssembly file, set by `build.mjs`. It identifies the version of the engine. */
declare const ENGINE_BYTES: number;

const key = (adapter: string): string => `resshift measured ${ENGINE_BYTES} ${adapter}`;

export function recall(adapter: string): Measured | undefined {
  try {
    const found = JSON.parse(localStorage.getItem(key(adapter)) ?? 'null') as Measured | null;
    return typeof found?.webgpu === 'number' ? found : undefined;
  } catch {
    return undefined;
  }
}

export function remember(adapter: string, measured: Measured): void {
  try {
    const stale = Object.keys(localStorage).filter((name) => name.startsWith('resshift measured ') && name !== key(adapter));
    stale.forEach((name) => localStorage.removeItem(name));
    localStorage.setItem(key(adapter), JSON.stringify(measured));
  } catch {
    // No storage: the next visit measures again.
  }
}

/** Whether the GPU was faster. */
export function gpuWins({ webgpu, webgpuF16 = Infinity, cpu = Infinity }: Measured): boolean {
  return Math.min(webgpu, webgpuF16) < cpu;
}
