/** What a GPU was measured at when it was first chosen or passed over, kept between visits where the page has storage. */

import type { Measured } from '../index.d.ts';

/** Size of the WebAssembly file, set by `build.mjs`: it tells one version of the engine from another. */
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
    // Measured again at the next visit.
  }
}

/** Whether the GPU was faster. */
export function gpuWins({ webgpu, webgpuF16 = Infinity, cpu = Infinity }: Measured): boolean {
  return Math.min(webgpu, webgpuF16) < cpu;
}
