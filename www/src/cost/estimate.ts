/** Time and memory of a run; the time from how this device did before, which is kept between visits. */
import { Upscaler, type Capabilities, type Device } from 'resshift-web';
import type { Estimate } from '../i18n/text.ts';
import { BUILT_IN, DEFAULT_MODEL } from '../models/built-in.ts';
import type { Size } from '../size.ts';
import { roughPace } from './pace.ts';

const KEY = 'resshift paces';
/** Side of a picture, in pixels, whose fixed costs are a small part. */
const TYPICAL = 1024;

/** What is to be run. */
export interface Wanted {
  picture: Size;
  steps: number;
  model: string;
  /** As asked for. */
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
 * Remembers what an upscaler says of its last run. Before its first one it knows no more than the measurement that chose the
 * device, which is worth less than a run of an earlier visit.
 */
export function learn(upscaler: Upscaler, model: string, device: string, ran: boolean): void {
  if (!ran && `${model} ${device}` in read()) return;
  const [one, two] = [1, 2].map((steps) => upscaler.estimate(TYPICAL, TYPICAL, { steps }).seconds);
  if (one == null || two == null) return;
  try {
    localStorage.setItem(KEY, JSON.stringify({ ...read(), [`${model} ${device}`]: (two - one) / TYPICAL ** 2 }));
  } catch {
    // Storage is blocked or full: estimates come with the first run of each visit.
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
