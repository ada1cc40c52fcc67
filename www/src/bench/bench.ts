/**
 * The benchmark page: times the network through the public API of the package, and every GPU kernel against the adapter's measured
 * peak, in a worker of its own (`npm/src/worker/bench.ts`).
 */
import { Upscaler, type DeviceInfo } from 'resshift-web';
import { multiplications, type Network } from './macs.ts';

/** Side of the picture in pixels: one tile. */
const SIDE = 64;
/** Timed evaluations: the difference between a longer and a shorter run. */
const EVALUATIONS = 8;
const ROUNDS = 5;
const MODEL = new URL('resshift/models/compact/model.json', import.meta.url);
const WORKER = new URL('resshift/bench.js', import.meta.url);

interface Row {
  device: DeviceInfo;
  milliseconds: { min: number; median: number };
  gflops: number;
}

/** As `Adapter` and `Row` of `src/bench/mod.rs`. */
interface Peaks {
  adapter: string;
  peak_gflops: number;
  copy_gb_s: number;
}
interface Kernel {
  name: string;
  ms: number;
  gflops: number;
  of_peak: number;
  of_bandwidth: number;
}

interface Report {
  measured: string;
  browser: string;
  processors: number;
  multiplications: number;
  adapter: { name: string; software: boolean; f16: boolean; limits: Record<string, number> } | null;
  rows: Row[];
  peaks?: Peaks;
  kernels?: Kernel[];
  failures: { device: string; message: string }[];
}

function byId<T extends HTMLElement>(id: string, kind: new () => T): T {
  const element = document.getElementById(id);
  if (!(element instanceof kind)) throw new Error(`bench/index.html lacks #${id}`);
  return element;
}

const buttons = [byId('measure', HTMLButtonElement), byId('kernels', HTMLButtonElement)] as const;
const status = byId('status', HTMLParagraphElement);
const json = byId('json', HTMLTextAreaElement);

for (const [button, task] of [
  [buttons[0], evaluations],
  [buttons[1], kernels],
] as const) {
  button.addEventListener('click', () => {
    for (const each of buttons) each.disabled = true;
    report()
      .then(task)
      .catch((error: unknown) => (status.textContent = error instanceof Error ? error.message : String(error)))
      .finally(() => buttons.forEach((each) => (each.disabled = false)));
  });
}
byId('copy', HTMLButtonElement).addEventListener('click', () => {
  json.select();
  const done = (text: string): void => void (byId('copied', HTMLSpanElement).textContent = text);
  navigator.clipboard.writeText(json.value).then(
    () => done('Copied.'),
    () => done('Selected: copy it with the keyboard.'),
  );
});

async function report(): Promise<Report> {
  const { network } = (await (await fetch(MODEL)).json()) as { network: Network };
  return {
    measured: new Date().toISOString(),
    browser: navigator.userAgent,
    processors: navigator.hardwareConcurrency,
    multiplications: multiplications(network, SIDE),
    adapter: await adapter(),
    rows: [],
    failures: [],
  };
}

async function evaluations(report: Report): Promise<void> {
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

/** The first row is the adapter; the others arrive one by one. */
async function kernels(report: Report): Promise<void> {
  if (!report.adapter) throw new Error('This browser offers no GPU to measure.');
  const rows: Kernel[] = (report.kernels = []);
  status.textContent = `${report.adapter.name}: measuring its peaks …`;
  const worker = new Worker(WORKER, { type: 'module' });
  const model = await (await fetch(MODEL)).text();
  try {
    await new Promise<void>((done, failed) => {
      worker.onerror = ({ message }) => failed(new Error(message || 'The worker did not start.'));
      worker.onmessage = ({ data }: MessageEvent<{ row?: string; done?: true; broken?: string }>) => {
        if (data.done) return done();
        if (data.row === undefined) return failed(new Error(data.broken));
        const row = JSON.parse(data.row) as Peaks | Kernel;
        if ('peak_gflops' in row) report.peaks = row;
        else rows.push(row);
        status.textContent = `${rows.length} measured`;
        show(report);
      };
      worker.postMessage({ model });
    });
  } finally {
    worker.terminate();
  }
  status.textContent = 'Done.';
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
    const picture = new ImageData(
      Uint8ClampedArray.from({ length: 4 * SIDE * SIDE }, (_, i) => (i % 4 === 3 ? 255 : (i * 37) % 251)),
      SIDE,
      SIDE,
    );
    const run = async (steps: number): Promise<number> => {
      const begin = performance.now();
      await upscaler.upscale(picture, { steps });
      return performance.now() - begin;
    };
    // The first runs compile kernels and, in the background, faster versions of the engine's code.
    await run(1);
    await run(2);
    const times: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      status.textContent = `${upscaler.device.name}: round ${round + 1} of ${ROUNDS}`;
      const short = await run(1);
      times.push(((await run(1 + EVALUATIONS)) - short) / EVALUATIONS);
    }
    times.sort((a, b) => a - b);
    return { device: upscaler.device, milliseconds: { min: times[0] ?? NaN, median: times[ROUNDS >> 1] ?? NaN } };
  } finally {
    upscaler.dispose();
  }
}

function show(report: Report): void {
  const { adapter, peaks, kernels = [] } = report;
  byId('results', HTMLTableElement).hidden = kernels.length > 0;
  byId('kernel-results', HTMLTableElement).hidden = peaks === undefined;
  byId('report', HTMLDivElement).hidden = false;
  if (adapter && peaks) {
    byId('adapter', HTMLTableCaptionElement).textContent =
      `${adapter.name}: at most ${peaks.peak_gflops} GFLOP/s of multiply-adds and ${peaks.copy_gb_s} GB/s of copying`;
  }
  byId('kernel-rows', HTMLTableSectionElement).replaceChildren(
    ...kernels.map(({ name, ms, gflops, of_peak, of_bandwidth }) => {
      const row = document.createElement('tr');
      for (const text of [name, `${ms}`, `${gflops}`, percent(of_peak), percent(of_bandwidth)]) row.insertCell().textContent = text;
      return row;
    }),
  );
  byId('rows', HTMLTableSectionElement).replaceChildren(
    ...report.rows.map(({ device, milliseconds, gflops }) => {
      const row = document.createElement('tr');
      const name = device.kind === 'cpu' ? 'CPU, one thread' : `${device.name}${device.f16 ? ', f16 weights' : ''}`;
      for (const text of [name, milliseconds.median.toFixed(1), gflops.toFixed(1), `${device.tile} × ${device.tile}`])
        row.insertCell().textContent = text;
      return row;
    }),
  );
  json.value = JSON.stringify(
    report,
    (_, value: unknown) => (typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(6)) : value),
    2,
  );
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}
