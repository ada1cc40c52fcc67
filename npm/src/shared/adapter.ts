/** What a GPU adapter says about itself. Browsers withhold much of it, and WebAssembly sees even less. */

import { softwareAdapters } from '../../../limits.json';

export function adapterName({ vendor, architecture, description }: GPUAdapterInfo): string {
  return description || [vendor, architecture].filter(Boolean).join(' ') || 'GPU';
}

/** Whether it is emulated on the CPU. */
export function isSoftware(info: GPUAdapterInfo): boolean {
  return info.isFallbackAdapter || RegExp(softwareAdapters.join('|'), 'i').test(adapterName(info));
}

/** The name of a device's adapter; not every browser tells it. */
export function deviceName({ adapterInfo }: GPUDevice): string {
  return adapterName(adapterInfo ?? {});
}
