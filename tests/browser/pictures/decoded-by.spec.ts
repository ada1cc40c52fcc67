/** Files that the engine does not read and the browser does: the browser's pixels are taken, and the result says so. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, fixture, open, test, upscale } from '../support/fixtures.ts';
import { IMAGES } from '../support/folders.ts';

const jpeg = readFileSync(join(IMAGES, 'baseline.jpg'));
const svg = (attributes: string): Buffer =>
  Buffer.from(`<svg xmlns="http://www.w3.org/2000/svg" ${attributes}><rect width="12" height="8" fill="#c82828"/></svg>`);

/** @param by undefined where nobody can read it */
const CASES: { what: string; bytes: Buffer; type?: string; by: 'engine' | 'browser' | undefined; size?: [number, number] }[] = [
  { what: 'a PNG', bytes: readFileSync(fixture('cup-16x16.png')), by: 'engine', size: [64, 64] },
  { what: 'an AVIF', bytes: readFileSync(fixture('cup-16x16.avif')), by: 'browser', size: [64, 64] },
  { what: 'a JPEG without its end marker', bytes: jpeg.subarray(0, jpeg.length - 2), by: 'browser' },
  { what: 'an SVG with a size', bytes: svg('width="12" height="8"'), type: 'image/svg+xml', by: 'browser', size: [48, 32] },
  {
    what: 'an SVG of no type',
    bytes: Buffer.concat([Buffer.from('<?xml version="1.0"?>\n<!-- drawn -->'), svg('width="12" height="8"')]),
    by: 'browser',
    size: [48, 32],
  },
  { what: 'an SVG with a viewBox alone', bytes: svg('viewBox="0 0 12 8"'), by: 'browser' },
  { what: 'half a PNG', bytes: readFileSync(fixture('cup-40x32.png')).subarray(0, 400), by: undefined },
  { what: 'a text', bytes: Buffer.from('<p>This is no picture.</p>'), by: undefined },
];

test('the result tells who read the file', async ({ page, server }) => {
  await open(page, server);
  const found = await page.evaluate(
    async (cases) => {
      const { Upscaler } = (await import(new URL('resshift/index.js', location.href).href)) as typeof import('resshift-web');
      const upscaler = await Upscaler.create({ device: 'cpu' });
      const told: { what: string; by: string | undefined; size: number[] }[] = [];
      for (const { what, base64, type } of cases) {
        const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
        const input = type === undefined ? bytes : new Blob([bytes], { type });
        const result = await upscaler.upscale(input, { steps: 1 }).catch(() => undefined);
        told.push({ what, by: result?.decodedBy, size: result ? [result.width, result.height] : [] });
      }
      const { decodedBy } = await upscaler.upscale(new ImageData(4, 4), { steps: 1 });
      upscaler.dispose();
      return { told, pixels: decodedBy };
    },
    CASES.map(({ what, bytes, type }) => ({ what, base64: bytes.toString('base64'), type })),
  );
  expect(found.told.map(({ what, by }) => ({ what, by }))).toEqual(CASES.map(({ what, by }) => ({ what, by })));
  for (const [index, { what, size }] of CASES.entries()) if (size) expect(found.told[index]!.size, what).toEqual(size);
  expect(found.pixels).toBe('browser');
});

test('the page upscales what only the browser reads', async ({ page, server, tolerate }) => {
  // Firefox says so of the first one.
  tolerate(/Image corrupt or truncated/);
  await open(page, server);
  for (const [name, bytes] of [
    ['cut.jpg', jpeg.subarray(0, jpeg.length - 2)],
    ['drawing.svg', svg('width="12" height="8"')],
    ['view-box.svg', svg('viewBox="0 0 12 8"')],
  ] as const) {
    await upscale(page, { file: { name, mimeType: '', buffer: bytes }, steps: 1 });
    await expect(page.locator('#result'), name).toBeVisible();
    await expect(page.locator('#outcome'), name).toContainText('Decoded by the browser');
  }
  await upscale(page, { file: fixture('cup-16x16.png'), steps: 1 });
  await expect(page.locator('#outcome')).not.toContainText('Decoded');
});
