/** What a run will cost, before it starts. */

import { band, evaluation, exactTile } from '../../../limits.json';
import type { DeviceInfo, Estimate, ModelInfo, RunProgress } from '../index.d.ts';
import { pageBytes } from '../shared/limits.ts';
import { modelSize } from './options.ts';

/** Input pixels of the evaluation that {@link DeviceInfo.measured} times. */
const MEASURED_PIXELS = 64 * 64;
/** Sides are padded to multiples of about this. */
const MULTIPLE = 16;
/** Fixed costs of an evaluation, and of a run beside its steps, in pixels of one step. */
const PER_STEP = 150;
const PER_RUN = 1024;
/** Cost of decoding and encoding a pixel, as a share of a step. */
const PER_PIXEL = 1 / 8;

/** How fast an upscaler has worked, from its largest run. */
export interface Pace {
  /** Seconds for a pixel in a step. */
  seconds: number;
  /** {@link work} of that run. */
  work: number;
}

export function estimate(
  width: number,
  height: number,
  steps: number,
  pace: Pace | undefined,
  device: DeviceInfo,
  model: ModelInfo,
): Estimate {
  const seconds = pace?.seconds ?? measured(device, model);
  return {
    seconds: seconds === undefined ? null : seconds * (work(width, height, steps + model.y0) + PER_RUN + PER_PIXEL * width * height),
    bytes: pageBytes(width, height, { ...modelSize(model.name), bytes: model.bytes, y0: model.y0 > 0 }),
  };
}

/** Measures the time of a run's steps from its progress. */
export class Clock {
  readonly #begun = performance.now();
  #first: { at: number; fraction: number } | undefined;
  #last: { at: number; fraction: number } | undefined;

  hear({ fraction }: RunProgress): void {
    this.#last = { at: performance.now(), fraction };
    this.#first ??= this.#last;
  }

  /** Seconds of all steps. What precedes the first evaluation counts only if there is no second one. */
  get seconds(): number {
    const { at = this.#begun, fraction = 1 } = this.#last ?? {};
    const from = this.#first && this.#first.fraction < fraction ? this.#first : { at: this.#begun, fraction: 0 };
    return (at - from.at) / 1000 / (fraction - from.fraction);
  }
}

/**
 * The pace after a run. A run that is much smaller than an earlier one says less about the device and changes nothing.
 * @param seconds that all steps would take, without what precedes the first and follows the last
 */
export function learn(pace: Pace | undefined, width: number, height: number, steps: number, seconds: number): Pace | undefined {
  const done = work(width, height, steps);
  return seconds > 0 && done > 0 && done * 4 >= (pace?.work ?? 0) ? { seconds: seconds / done, work: done } : pace;
}

/** Work of all steps of a run, in pixels of one step. The picture that the chain starts from counts as {@link ModelInfo.y0} steps. */
function work(width: number, height: number, steps: number): number {
  const padded = (side: number): number => Math.ceil(side / MULTIPLE) * MULTIPLE;
  /** Along a side, every pixel counts once; for a very wide picture, all pixels of its tiles. */
  const computed = (side: number): number =>
    width > band.width && side > exactTile.core ? (side * exactTile.side) / exactTile.core : padded(side);
  return steps * (computed(width) * computed(height) + PER_STEP);
}

/** Time of an evaluation as a multiple of the measurement's. For other models it is unknown until their first run. */
const WORK = new Map(Object.entries(evaluation));

function measured({ kind, f16, measured }: DeviceInfo, model: ModelInfo): number | undefined {
  const work = WORK.get(model.name);
  if (measured === undefined || work === undefined) return undefined;
  const ms = kind === 'cpu' ? measured.cpu : f16 ? (measured.webgpuF16 ?? measured.webgpu) : measured.webgpu;
  return ms === undefined ? undefined : (work * ms) / 1000 / MEASURED_PIXELS;
}
