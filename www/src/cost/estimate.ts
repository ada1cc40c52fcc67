/** Estimates time and memory of a run. Times come from earlier runs on this device, which are stored between visits. */
import { Upscaler, type Capabilities, type Device } from 'resshift-web';
import type { Estimate } from '../i18n/text.ts';
import { BUILT_IN, DEFAULT_MODEL } from '../models/built-in.ts';
import type { Size } from '../size.ts';
import { roughPace } from './pace.ts';

const KEY = 'resshift paces';
/** Side of a picture, in pixels, that is large enough to make fixed costs small. */
const TYPICAL = 1024;

/** The run to estimate. */
export interface Wanted {
  picture: Size;
  steps: number;
  model: string;
  /** The requested device. */
  device: Device;
  capabilities: Capabilities | null;
}

export function estimate({ picture: { width, height }, steps, model, device, capabilities }: Wanted): Estimate {
  const known = read()[`${model} ${device}`];
  const onCpu = device === 'cpu' || (device === 'auto' && capabilities?.recommended === 'cpu');
  const pace = known ?? (onCpu && model === DEFAULT_MODEL ? roughPace() : null);
  const y0 = BUILT_IN.find(({ name }) => name === model)?.y0 ?? 0;
  return {
    seconds: pace && pace * width * height * (steps + y0),
    bytes: Upscaler.memory(width, height, model),
    rough: known === undefined,
  };
}

/**
 * Stores an upscaler's speed after a run. Before its first run it has only the measurement that chose the device, which is less
 * reliable than a run of an earlier visit.
 */
export function learn(upscaler: Upscaler, model: string, device: string, ran: boolean): void {
  if (!ran && `${model} ${device}` in read()) return;
  const [one, two] = [1, 2].map((steps) => upscaler.estimate(TYPICAL, TYPICAL, { steps }).seconds);
  if (one == null || two == null) return;
  try {
    localStorage.setItem(KEY, JSON.stringify({ ...read(), [`${model} ${device}`]: (two - one) / TYPICAL ** 2 }));
  } catch {
    // Storage is blocked or full: each visit measures its own first run.
  }
}

/** Seconds per pixel and step, by model and device. */
function read(): Record<string, number> {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(KEY) ?? '{}');
    const paces = Object.entries(typeof kept === 'object' && kept !== null ? kept : {});
    return Object.fromEntries(paces.filter((entry): entry is [string, number] => Number.isFinite(entry[1]) && entry[1] > 0));
  } catch {
    return {};
  }
}
