/** Sentences that the program composes. The fixed ones stand in `index.html`. */
import type { Capabilities, Device, DeviceInfo, LoadProgress, ModelInfo, RunProgress } from 'resshift-web';

/** `2.7 MB`, `412 kB`. */
export function bytes(count: number): string {
  return count < 1e6 ? `${Math.ceil(count / 1e3)} kB` : `${(count / 1e6).toFixed(1)} MB`;
}

export function sizes(width: number, height: number): string {
  return `${width} × ${height} → ${width * 4} × ${height * 4} pixels`;
}

export const unknownSize = 'This browser cannot show the picture; the upscaler may still read it.';

export function pictureLabel(name: string): string {
  return `${name}, enlarged four times without new detail`;
}

export function resultLabel(name: string): string {
  return `${name}, upscaled four times`;
}

export const tooLargeToShow = 'The result is too large to show here. It is complete: save it to look at it.';

/** Before anything is loaded: where a run will happen. */
export function willRunOn(device: Device, capabilities: Capabilities): string {
  if (!capabilities.wasm) return 'This browser lacks WebAssembly SIMD, which the upscaler needs. Please update it.';
  const { webgpu, recommended } = capabilities;
  if (device === 'webgpu' && !webgpu) return 'This browser offers no WebGPU here; Automatic runs on your CPU.';
  const kind = device === 'auto' ? recommended ?? 'cpu' : device;
  return runsOn({ kind, name: webgpu?.name ?? '', software: webgpu?.software ?? false }, device, capabilities);
}

/** Where a run happens, and why there if nobody asked for it. */
export function runsOn(info: DeviceInfo, wanted: Device, capabilities: Capabilities | null): string {
  if (info.kind === 'webgpu') {
    return info.software
      ? `Runs on a GPU that your CPU emulates (${info.name}); Automatic is likely to be faster.`
      : `Runs on your GPU (${info.name}).`;
  }
  if (wanted === 'auto' && capabilities?.webgpu?.software) {
    return `Runs on your CPU: the only GPU on offer is a software one (${capabilities.webgpu.name}).`;
  }
  if (wanted === 'auto' && capabilities && !capabilities.webgpu) return 'Runs on your CPU: this browser offers no WebGPU here.';
  return 'Runs on your CPU.';
}

/** The same as part of a list: `on your CPU`. */
export function where(info: DeviceInfo): string {
  if (info.kind === 'cpu') return 'on your CPU';
  return info.software ? `on an emulated GPU (${info.name})` : `on your GPU (${info.name})`;
}

export function loading(progress: LoadProgress): string {
  if (progress.phase === 'ready') return 'ready';
  const what = progress.phase === 'engine' ? 'Engine' : 'Weights';
  if (progress.cached) return `${what} from this device`;
  if (progress.total > 0) return `${what}: ${bytes(progress.loaded)} of ${bytes(progress.total)}`;
  return progress.loaded > 0 ? `${what}: ${bytes(progress.loaded)}` : what;
}

export const modelReady = 'ready';
export const waiting = 'waiting';
export const starting = 'starting';
export const stopping = 'Stopping';
export const cancelled = 'Cancelled. Your picture and settings are as before.';
export const busy = 'Cancel the run before taking another picture.';
export const upscaleFirst = 'Upscale x4';
export const upscaleAgain = 'Upscale again';

export function running(progress: RunProgress): string {
  return `Step ${progress.step} of ${progress.steps}, tile ${progress.tile} of ${progress.tiles}`;
}

export function percent(fraction: number): string {
  return `${Math.floor(fraction * 100)} %`;
}

/** Rounded as coarsely as the estimate is rough. */
export function timeLeft(seconds: number): string {
  if (seconds < 5) return 'A few seconds left';
  if (seconds < 90) return `About ${Math.ceil(seconds / 5) * 5} seconds left`;
  if (seconds < 5400) return `About ${Math.round(seconds / 60)} minutes left`;
  return `About ${Math.round(seconds / 3600)} hours left`;
}

function duration(seconds: number): string {
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 100) return `${Math.round(seconds)} s`;
  return `${Math.round(seconds / 60)} min`;
}

export interface Outcome {
  width: number;
  height: number;
  fileBytes: number;
  seconds: number;
  steps: number;
  seed: number;
  device: DeviceInfo;
}

/** Two lines. */
export function outcome(done: Outcome): string {
  const steps = done.steps === 1 ? '1 step' : `${done.steps} steps`;
  return `${done.width} × ${done.height} pixels · PNG, ${bytes(done.fileBytes)}\n${duration(done.seconds)} ${where(done.device)} · ${steps}, seed ${done.seed}`;
}

export function doneAnnouncement(width: number, height: number): string {
  return `Done: ${width} by ${height} pixels. Use the slider to compare, or save the picture.`;
}

export function model(info: ModelInfo): string {
  return `Model: ${info.name} ${info.version}, ${bytes(info.bytes)}, licence ${info.licence.name}${info.licence.commercial ? '' : ' (non-commercial use only)'}.`;
}

export function firstOf(count: number): string {
  return `${count} files came; this is the first of them.`;
}

export const updateReady = 'A new version of this page is ready.';
export const updateNow = 'Update now';
export const updatedElsewhere = 'This page was updated in another tab.';
export const reload = 'Reload';
export const dismiss = 'Dismiss';
