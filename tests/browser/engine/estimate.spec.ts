/** What a run of any size teaches about one of another: the costs that the package assumes, beside those that were measured. */
import { expect, test } from '@playwright/test';
import { build, type Plugin } from 'esbuild';
import { ROOT } from '../package/snippets.ts';

/** Seconds of a step of `compact` by size, of the command line on one core (`resshift upscale --device cpu`). */
const MEASURED: [width: number, height: number, seconds: number][] = [
  [1, 1, 0.005],
  [16, 16, 0.0045],
  [64, 64, 0.0507],
  [128, 96, 0.153],
  [250, 188, 0.617],
  [500, 375, 2.41],
  [1000, 750, 9.9],
];

const models: Plugin = {
  name: 'models',
  setup(context) {
    context.onResolve({ filter: /^shipped-models$/ }, () => ({ path: 'models', namespace: 'models' }));
    context.onLoad({ filter: /.*/, namespace: 'models' }, () => ({
      contents: 'export const sizes = { compact: { channels: 64, bytes: 8173408 } }; export const addresses = () => undefined;',
    }));
  },
};

const CPU = { kind: 'cpu' };

interface Module {
  estimate(width: number, height: number, steps: number, pace: unknown, device: object, model: object): { seconds: number };
  learn(pace: unknown, width: number, height: number, steps: number, seconds: number): unknown;
}

test('after a run of any size, an estimate for any other is within a factor of 1.5', async () => {
  const { outputFiles } = await build({
    entryPoints: [`${ROOT}/npm/src/page/estimate.ts`],
    bundle: true,
    format: 'esm',
    write: false,
    plugins: [models],
    define: { 'import.meta.url': '"http://localhost/"' },
  });
  const { estimate, learn } = (await import(`data:text/javascript,${encodeURIComponent(outputFiles[0]!.text)}`)) as Module;
  for (const [width, height, seconds] of MEASURED) {
    const pace = learn(undefined, width, height, 15, 15 * seconds);
    const steps = (w: number, h: number, count: number): number =>
      estimate(w, h, count, pace, CPU, { name: 'compact', bytes: 8173408, y0: 0 }).seconds;
    for (const [w, h, truth] of MEASURED) {
      const ratio = (steps(w, h, 15) - steps(w, h, 1)) / (14 * truth);
      expect(Math.max(ratio, 1 / ratio), `${w}x${h} after ${width}x${height}`).toBeLessThan(1.5);
    }
    // A run that is much smaller than an earlier one changes nothing.
    expect(learn(pace, 1, 1, 1, 100)).toBe(pace);
  }
});
