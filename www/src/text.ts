/** Sentences that the program composes. The fixed ones stand in `index.html`. */
import type { Capabilities, Device, DeviceInfo, ImportPlan, LoadProgress, ModelInfo, RunProgress, StoredModel } from 'resshift-web';

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
  const reason = device !== 'auto' ? 'asked' : webgpu ? 'faster' : 'no-webgpu';
  return runsOn({ kind, name: webgpu?.name ?? '', software: webgpu?.software ?? false, f16: false, reason }, device, capabilities);
}

/** Where a run happens, and why there if nobody asked for it. */
export function runsOn(info: DeviceInfo, wanted: Device, capabilities: Capabilities | null): string {
  if (info.kind === 'webgpu') {
    if (!info.software) return `Runs on your GPU (${info.name}${info.f16 ? ', f16' : ''}).`;
    const why = info.reason === 'faster' ? 'it is faster than the CPU alone' : 'Automatic is likely to be faster';
    return `Runs on a GPU that your CPU emulates (${info.name}); ${why}.`;
  }
  const gpu = capabilities?.webgpu;
  if (wanted !== 'auto' || !capabilities) return 'Runs on your CPU.';
  if (!gpu || info.reason === 'no-webgpu') return 'Runs on your CPU: this browser offers no WebGPU here.';
  if (info.reason === 'webgpu-failed') return `Runs on your CPU: the GPU (${gpu.name}) computes wrongly or does not answer.`;
  if (gpu.software) return `Runs on your CPU: the only GPU on offer is a software one (${gpu.name}).`;
  return `Runs on your CPU: it is faster than the GPU (${gpu.name}).`;
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
export const busyModels = 'Cancel the run before adding a model.';
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

export const defaultModel = 'compact';
export const defaultSteps = 15;
export const defaultModelLabel = 'compact (default)';
export const noModels = 'None yet: the default model (2.7 MB) comes with the first picture.';
export const deleteLabel = 'Delete';

export function deleteModelLabel(name: string): string {
  return `Delete ${name} from this device`;
}

/** `4.1 MB`: all models together. */
export function modelsSize(models: readonly StoredModel[]): string {
  return models.length === 0 ? '' : bytes(models.reduce((sum, { bytes }) => sum + bytes, 0));
}

/** Version, size and terms, in one line. */
export function storedModel({ version, bytes: size, licence }: StoredModel): string {
  return [version, bytes(size), licence.commercial ? licence.name : `${licence.name}, non-commercial`].join(' · ');
}

/** What the browser says of its storage for this site. */
export function storageNote({ quota = 0, usage = 0 }: StorageEstimate, persistent: boolean): string {
  const free = `About ${gigabytes(Math.max(0, quota - usage))} free for this site.`;
  return persistent ? `${free} The browser keeps models until you delete them.` : `${free} The browser may clear models when space runs low.`;
}

function gigabytes(count: number): string {
  return count < 1e9 ? bytes(count) : `${(count / 1e9).toFixed(1)} GB`;
}

export const modelDeleted = (name: string): string => `${name} was deleted from this device.`;
export const modelsDeleted = 'All models were deleted from this device.';
export const modelAdded = (name: string): string => `The model ${name} is on this device now, and chosen for the next picture.`;

export const importNeedsFiles =
  'Choose the two files of a model: the network (for example resshift_realsrx4_s4_v3.pth) and its autoencoder (autoencoder_vq_f4.pth). They are converted here; nothing is uploaded.';
export const importNeedsOther = 'One more file is needed: a model has a network and an autoencoder.';
export const importReading = 'Reading the files.';
export const importFailed = (message: string, advice: string): string => `${message} ${advice}`;

export function importPlan({ name, bytes: size, licence }: ImportPlan): string {
  const terms = licence.commercial ? '' : ' It may not be used commercially.';
  return `This is the model ${name}. It will take about ${bytes(size)} on this device.${terms}`;
}

export function licenceName({ licence }: ImportPlan): string {
  return licence.name === 'unknown' ? 'Terms unknown' : licence.name;
}

export function licenceTerms({ licence }: ImportPlan): string {
  if (licence.text) return licence.text;
  if (licence.name === 'unknown') return 'Whoever trained these weights decides how they may be used. Ask them before you use the results commercially.';
  return licence.commercial
    ? 'These weights may be used commercially.'
    : 'These weights may be used, changed and passed on for non-commercial purposes only, with their licence. For any commercial use ask their authors.';
}

export function consent({ licence }: ImportPlan): string {
  return licence.commercial ? 'I accept these terms.' : 'I accept these terms and will not use the model or its results commercially.';
}

export const converting = (fraction: number): string => `Converting and storing: ${percent(fraction)}`;

export function firstOf(count: number): string {
  return `${count} files came; this is the first of them.`;
}

export const updateReady = 'A new version of this page is ready.';
export const updateNow = 'Update now';
export const updatedElsewhere = 'This page was updated in another tab.';
export const reload = 'Reload';
export const dismiss = 'Dismiss';
