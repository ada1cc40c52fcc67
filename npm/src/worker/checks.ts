/**
 * A worker for the tests, built from an engine that has the feature `checks`: runs every kernel against the CPU and
 * posts `{ rows: [{ name, tolerance, error?, failure? }] }`, or `{ broken: string }`.
 */

import init, * as engine from '../../engine/resshift.js';

interface Row {
  name: string;
  tolerance: number;
  error?: number;
  failure?: string;
}

const { checks } = engine as unknown as { checks: () => Promise<Row[]> };

self.addEventListener('error', ({ message }) => self.postMessage({ broken: message }));
self.addEventListener('unhandledrejection', ({ reason }) => self.postMessage({ broken: reason?.message ?? `${reason}` }));

await init({ module_or_path: new URL('./engine/resshift_bg.wasm', import.meta.url) });
self.postMessage({ rows: await checks() });
