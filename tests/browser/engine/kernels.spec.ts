/** The numeric tests of every kernel against its CPU twin, in a browser's worker on its WebGPU. */
import { expect, open, test } from '../support/fixtures.ts';

interface Row {
  name: string;
  tolerance: number;
  error?: number;
  failure?: string;
}

test('every kernel agrees with the CPU', async ({ page, server }) => {
  test.setTimeout(300_000);
  await open(page, server);
  expect((await page.request.get(`${server.url}resshift/checks.js`)).status(), 'an engine built for the tests').toBe(200);
  const told = await page.evaluate(
    () =>
      new Promise<{ rows?: Row[]; broken?: string }>((resolve) => {
        const worker = new Worker(new URL('resshift/checks.js', location.href), { type: 'module' });
        worker.onmessage = ({ data }: MessageEvent<{ rows?: Row[]; broken?: string }>) => resolve(data);
        worker.onerror = ({ message }) => resolve({ broken: message || 'the worker did not start' });
      }),
  );
  expect(told.broken).toBeUndefined();
  const rows = told.rows ?? [];
  expect(rows.length).toBeGreaterThan(5);
  // Written so that a difference of NaN fails too.
  const wrong = rows.filter(({ error, tolerance }) => !(error !== undefined && error <= tolerance));
  expect(wrong).toEqual([]);
});
