/** Time and memory of the next run, from how this device did before; kept between visits. */
import type { Upscaler } from 'resshift-web';
import type { Size } from './view.ts';

const KEY = 'resshift costs';

/** Per pixel of the picture; the time of one step. */
interface Cost {
  seconds: number;
  bytes: number;
}

export interface Estimate {
  /** Null where nothing was measured yet. */
  seconds: number | null;
  bytes: number | null;
}

/** `device` is the one asked for. */
export function estimate({ width, height }: Size, steps: number, model: string, device: string): Estimate {
  const cost = read()[`${model} ${device}`];
  if (!cost) return { seconds: null, bytes: null };
  return { seconds: cost.seconds * width * height * steps, bytes: cost.bytes * width * height };
}

/** Remembers what an upscaler says of its last run, or of the measurement that chose the device. */
export function learn(upscaler: Upscaler, model: string, device: string): void {
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
