/** The page that measures: the public surface of the package, one evaluation of the network at a time. */
import { Upscaler, type DeviceInfo } from 'resshift-web';
import { multiplications, type Network } from './macs.ts';

/** Side of the picture in pixels: one tile. */
const SIDE = 64;
/** Evaluations whose time is taken: those that the longer of two runs has more than the shorter. */
const EVALUATIONS = 8;
const ROUNDS = 5;
const MODEL = new URL('resshift/models/compact/model.json', new URL('./', import.meta.url));

interface Row {
  device: DeviceInfo;
  milliseconds: { min: number; median: number };
  gflops: number;
}

interface Report {
  measured: string;
  browser: string;
  processors: number;
  multiplications: number;
  adapter: { name: string; software: boolean; f16: boolean; limits: Record<string, number> } | null;
  rows: Row[];
  failures: { device: string; message: string }[];
}

function byId<T extends HTMLElement>(id: string, kind: new () => T): T {
  const element = document.getElementById(id);
  if (!(element instanceof kind)) throw new Error(`bench/index.html lacks #${id}`);
  return element;
}

const button = byId('measure', HTMLButtonElement);
const status = byId('status', HTMLParagraphElement);
const json = byId('json', HTMLTextAreaElement);

button.addEventListener('click', () => {
  button.disabled = true;
  measure()
    .catch((error: unknown) => (status.textContent = error instanceof Error ? error.message : String(error)))
    .finally(() => (button.disabled = false));
});
byId('copy', HTMLButtonElement).addEventListener('click', () => {
  json.select();
  const done = (text: string): void => void (byId('copied', HTMLSpanElement).textContent = text);
  navigator.clipboard.writeText(json.value).then(() => done('Copied.'), () => done('Selected: copy it with the keyboard.'));
});

async function measure(): Promise<void> {
  const { network } = await (await fetch(MODEL)).json() as { network: Network };
  const report: Report = {
    measured: new Date().toISOString(),
    browser: navigator.userAgent,
    processors: navigator.hardwareConcurrency,
    multiplications: multiplications(network, SIDE),
    adapter: await adapter(),
    rows: [],
    failures: [],
  };
  show(report);
  for (const device of report.adapter ? (['webgpu', 'cpu'] as const) : (['cpu'] as const)) {
    try {
      const row = await time(device);
      report.rows.push({ ...row, gflops: (2 * report.multiplications) / row.milliseconds.min / 1e6 });
    } catch (error) {
      report.failures.push({ device, message: error instanceof Error ? error.message : String(error) });
    }
    show(report);
  }
  status.textContent = report.failures.map(({ device, message }) => `${device}: ${message}`).join(' ') || 'Done.';
}

async function adapter(): Promise<Report['adapter']> {
  const { webgpu } = await Upscaler.capabilities();
  const found = await navigator.gpu?.requestAdapter({ powerPreference: 'high-performance' });
  if (!webgpu || !found) return null;
  const limits: Record<string, number> = {};
  // The limits are getters of the prototype.
  for (const name in found.limits) limits[name] = Number(found.limits[name as keyof GPUSupportedLimits]);
  return { name: webgpu.name, software: webgpu.software, f16: webgpu.f16, limits };
}

async function time(device: 'webgpu' | 'cpu'): Promise<Omit<Row, 'gflops'>> {
  status.textContent = `Loading the model for the ${device === 'cpu' ? 'CPU' : 'GPU'} …`;
  const upscaler = await Upscaler.create({ device, engines: 1 });
  try {
    const picture = new ImageData(Uint8ClampedArray.from({ length: 4 * SIDE * SIDE }, (_, i) => (i % 4 === 3 ? 255 : (i * 37) % 251)), SIDE, SIDE);
    const run = async (steps: number): Promise<number> => {
      const begin = performance.now();
      await upscaler.upscale(picture, { steps });
      return performance.now() - begin;
    };
    // The first runs compile: kernels and, in the background, faster forms of the engine's code.
    await run(1);
    await run(2);
    const times: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      status.textContent = `${upscaler.device.name}: round ${round + 1} of ${ROUNDS}`;
      const short = await run(1);
      times.push((await run(1 + EVALUATIONS) - short) / EVALUATIONS);
    }
    times.sort((a, b) => a - b);
    return { device: upscaler.device, milliseconds: { min: times[0] ?? NaN, median: times[ROUNDS >> 1] ?? NaN } };
  } finally {
    upscaler.dispose();
  }
}

function show(report: Report): void {
  byId('results', HTMLTableElement).hidden = false;
  byId('report', HTMLDivElement).hidden = false;
  byId('rows', HTMLTableSectionElement).replaceChildren(...report.rows.map(({ device, milliseconds, gflops }) => {
    const row = document.createElement('tr');
    const name = device.kind === 'cpu' ? 'CPU, one thread' : `${device.name}${device.f16 ? ', f16 weights' : ''}`;
    for (const text of [name, milliseconds.median.toFixed(1), gflops.toFixed(1)]) row.insertCell().textContent = text;
    return row;
  }));
  json.value = JSON.stringify(report, (_, value: unknown) => (typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(6)) : value), 2);
}
