/** What a run will cost, before it starts. */

import type { DeviceInfo, Estimate, ModelInfo } from '../index.d.ts';
import { pageBytes } from '../shared/limits.ts';
import { modelSize } from './options.ts';

/** Input pixels of the evaluation that {@link DeviceInfo.measured} is about. */
const MEASURED_PIXELS = 64 * 64;

/** Seconds per input pixel and step of an earlier run of the same upscaler; the picture that a chain starts from counts as {@link ModelInfo.y0} steps. */
export type Rate = number | undefined;

export function estimate(width: number, height: number, steps: number, rate: Rate, device: DeviceInfo, model: ModelInfo): Estimate {
  const pixels = width * height;
  const perPixel = rate ?? measuredRate(device, model);
  return {
    seconds: perPixel === undefined ? null : perPixel * pixels * (steps + model.y0),
    bytes: pageBytes(width, height, { ...modelSize(model.name), bytes: model.bytes }),
  };
}

/** Time of an evaluation as a multiple of the measurement's, as in `src/web/trial.rs`; of other models nothing is known before their first run. */
const WORK = new Map([['compact', 1.7], ['nano', 1]]);

function measuredRate({ kind, f16, measured }: DeviceInfo, model: ModelInfo): Rate {
  const work = WORK.get(model.name);
  if (measured === undefined || work === undefined) return undefined;
  const ms = kind === 'cpu' ? measured.cpu : f16 ? (measured.webgpuF16 ?? measured.webgpu) : measured.webgpu;
  return ms === undefined ? undefined : (work * ms) / 1000 / MEASURED_PIXELS;
}
