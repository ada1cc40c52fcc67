/** Time and memory of a run, from how this device did before; kept between visits. */
import type { Capabilities, Device, Upscaler } from 'resshift-web';
import { DEFAULT_MODEL } from './built-in.ts';
import { roughPace } from './pace.ts';
import type { Size } from './view.ts';

const KEY = 'resshift costs';
/** Memory per pixel, about what the upscaler itself says. */
const FIRST_BYTES = 511;

/** Per pixel of the picture; the time of one step. */
interface Cost {
  seconds: number;
  bytes: number;
}

export interface Estimate {
  /** Null where nothing is known yet. */
  seconds: number | null;
  bytes: number;
  /** Nothing was measured here yet. */
  rough: boolean;
}

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
  const pixels = width * height;
  const cost = read()[`${model} ${device}`];
  if (cost) return { seconds: cost.seconds * pixels * steps, bytes: cost.bytes * pixels, rough: false };
  const onCpu = device === 'cpu' || (device === 'auto' && capabilities?.recommended === 'cpu');
  return { seconds: onCpu && model === DEFAULT_MODEL ? roughPace() * pixels * steps : null, bytes: FIRST_BYTES * pixels, rough: true };
}

/**
 * Remembers what an upscaler says of its last run. Before its first one it knows no more than the measurement that chose the
 * device, which is worth less than a run of an earlier visit.
 */
export function learn(upscaler: Upscaler, model: string, device: string, ran: boolean): void {
  if (!ran && `${model} ${device}` in read()) return;
  const side = 1024;
  const { seconds, bytes } = upscaler.estimate(side, side, { steps: 1 });
  if (seconds === null) return;
  const cost = { seconds: seconds / side ** 2, bytes: bytes / side ** 2 };
  try {
    localStorage.setItem(KEY, JSON.stringify({ ...read(), [`${model} ${device}`]: cost }));
  } catch {
    // Storage is blocked or full: estimates come with the first run of each visit.
  }
}

function read(): Record<string, Cost> {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(KEY) ?? '{}');
    const costs = Object.entries(typeof kept === 'object' && kept !== null ? kept : {}) as [string, Partial<Cost> | null][];
    return Object.fromEntries(costs.filter((entry): entry is [string, Cost] => isPositive(entry[1]?.seconds) && isPositive(entry[1]?.bytes)));
  } catch {
    return {};
  }
}

function isPositive(value: unknown): boolean {
  return typeof value === 'number' && Number.isFinite(value) && value > 0;
}
