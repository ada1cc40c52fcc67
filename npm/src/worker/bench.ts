/**
 * A worker for the page that measures (`www/bench/`), not part of the published package: it is posted
 * `{ model, word? }`, the text of a `model.json` and what names must contain, and posts `{ row: string }`, JSON as in
 * `src/bench/mod.rs`, for the adapter and each measurement, then `{ done: true }`, or `{ broken: string }`.
 */

import init, { bench } from '../../engine/resshift.js';

const broken = (reason: unknown): void => {
  const message = (reason as { message?: unknown } | null)?.message;
  self.postMessage({ broken: typeof message === 'string' ? message : String(reason) });
};
self.addEventListener('error', broken);
self.addEventListener('unhandledrejection', ({ reason }) => broken(reason));

self.onmessage = ({ data }: MessageEvent<{ model: string; word?: string }>) => {
  measure(data).then(() => self.postMessage({ done: true }), broken);
};

async function measure({ model, word }: { model: string; word?: string }): Promise<void> {
  await init({ module_or_path: new URL('./engine/resshift_bg.wasm', import.meta.url) });
  await bench(new TextEncoder().encode(model), word, (row: string) => self.postMessage({ row }));
}
