/** The progress of `create`: one fraction for engine and weights together. */
import type { Page } from '@playwright/test';
import { expect, test } from '../support/fixtures.ts';

/** What a start reports. @param bytes the engine is given as bytes, so that only weights are fetched */
async function fractions(page: Page, bytes: boolean): Promise<{ told: [phase: string, fraction: number][] }> {
  return page.evaluate(async (bytes) => {
    const address = '/resshift/index.js';
    const { Upscaler } = (await import(address)) as typeof import('resshift-web');
    const told: [string, number][] = [];
    const engine = bytes ? { engine: await (await fetch('/resshift/engine/resshift_bg.wasm')).arrayBuffer() } : {};
    const upscaler = await Upscaler.create({ device: 'cpu', ...engine, onProgress: ({ phase, fraction }) => told.push([phase, fraction]) });
    upscaler.dispose();
    return { told };
  }, bytes);
}

for (const bytes of [false, true]) {
  test(`the fraction rises to 1 over ${bytes ? 'the weights, with an engine that is there' : 'engine and weights'}`, async ({
    page,
    server,
  }) => {
    await page.goto(`${server.url}docs/index.html`);
    for (const visit of ['first', 'second']) {
      const { told } = await fractions(page, bytes);
      const values = told.map(([, fraction]) => fraction);
      expect(values, visit).toEqual([...values].sort((a, b) => a - b));
      expect(told.at(-1), visit).toEqual(['ready', 1]);
      expect(
        values.filter((fraction) => fraction === 1),
        visit,
      ).toHaveLength(1);
      expect(
        told.some(([phase]) => phase === 'engine'),
        visit,
      ).toBe(!bytes);
      // The engine is the smaller part of what is fetched, so the weights begin well before the middle; a store returns them immediately.
      if (visit === 'first') expect(told.find(([phase]) => phase === 'weights')![1]).toBeLessThan(0.5);
    }
  });
}
