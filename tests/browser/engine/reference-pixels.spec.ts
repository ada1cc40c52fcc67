/**
 * Colours, depth and transparency against reference pixels: pictures whose x4 result is known but for texture (flat patches,
 * gradients, a disc) go through the page, and the saved file is read sample by sample.
 */
import { readFile } from 'node:fs/promises';
import type { Page } from '@playwright/test';
import { expect, open, test, upscale } from '../support/fixtures.ts';
import { readPng, writePng, type Samples } from '../support/png.ts';
import { displayP3 } from '../support/profile.ts';

async function through(page: Page, png: Buffer, format: string): Promise<Buffer> {
  await page.locator('#format').selectOption(format);
  await upscale(page, { file: { name: 'reference.png', mimeType: 'image/png', buffer: png }, steps: 1, device: 'cpu' });
  const coming = page.waitForEvent('download');
  await page.locator('#save').click();
  return readFile(await (await coming).path());
}

/** The pixel of the result in the middle of an input pixel. */
function at({ width, channels, values }: Samples, x: number, y: number): number[] {
  const first = ((4 * y + 2) * width + 4 * x + 2) * channels;
  return values.slice(first, first + channels);
}

/** Patches of 16x16 in two rows of three. The first four lie outside sRGB if the numbers are those of Display P3. */
const PATCHES = [
  [255, 0, 0],
  [0, 255, 0],
  [255, 128, 0],
  [0, 200, 90],
  [128, 128, 128],
  [40, 60, 200],
] as const;
const patches = (): Samples => ({
  width: 48,
  height: 32,
  channels: 3,
  depth: 8,
  values: Array.from({ length: 48 * 32 }, (_, i) => PATCHES[Math.floor((i % 48) / 16) + 3 * Math.floor(i / 48 / 16)]!).flat(),
});
const middles = PATCHES.map((colour, i) => ({ colour, x: 8 + 16 * (i % 3), y: 8 + 16 * Math.floor(i / 3) }));

/** Colours at the patches' middles as the browser sees them, in Display P3. */
function seen(page: Page, file: Buffer, scale: number): Promise<number[][]> {
  return page.evaluate(
    async ({ base64, points, scale }) => {
      const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
      const bitmap = await createImageBitmap(new Blob([bytes]));
      const context = new OffscreenCanvas(bitmap.width, bitmap.height).getContext('2d', { colorSpace: 'display-p3' })!;
      context.drawImage(bitmap, 0, 0);
      return points.map(({ x, y }) => [
        ...context.getImageData(x * scale + scale / 2, y * scale + scale / 2, 1, 1, { colorSpace: 'display-p3' }).data.slice(0, 3),
      ]);
    },
    { base64: file.toString('base64'), points: middles.map(({ x, y }) => ({ x, y })), scale },
  );
}

const far = (a: readonly number[], b: readonly number[]): number => Math.max(...a.map((value, i) => Math.abs(value - b[i]!)));

test('Display P3 stays Display P3 in every kind of file, by the numbers in the file and by what the browser shows', async ({
  page,
  server,
}) => {
  await open(page, server);
  const original = writePng(patches(), displayP3());
  const reference = await seen(page, original, 1);
  // The browser understands the profile: it finds the very numbers of the file, which sRGB would not give.
  reference.forEach((colour, i) => expect(far(colour, PATCHES[i]!)).toBeLessThanOrEqual(1));
  for (const format of ['png', 'png16', 'jpeg', 'webp']) {
    const file = await through(page, original, format);
    (await seen(page, file, 4)).forEach((colour, i) => expect(far(colour, reference[i]!), `${format}, patch ${i}`).toBeLessThanOrEqual(8));
    if (!format.startsWith('png')) continue;
    const result = readPng(file);
    expect([result.width, result.height, result.depth]).toEqual([192, 128, format === 'png' ? 8 : 16]);
    const unit = result.depth === 16 ? 257 : 1;
    for (const { colour, x, y } of middles)
      expect(
        far(
          at(result, x, y).map((value) => value / unit),
          colour,
        ),
        `${format}, ${colour}`,
      ).toBeLessThanOrEqual(8);
  }
});

test('16 bits are 16 bits: a gradient finer than 8 bits comes out as fine, and true', async ({ page, server }) => {
  // From 0.25 to 0.35 of the range: 26 levels of 8 bits, and 1,500 of 16.
  const level = (x: number, c: number): number => Math.round(65535 * (0.25 + (0.1 * (x + c)) / 64));
  const gradient: Samples = {
    width: 64,
    height: 24,
    channels: 3,
    depth: 16,
    values: Array.from({ length: 64 * 24 }, (_, i) => [0, 1, 2].map((c) => level(i % 64, c))).flat(),
  };
  await open(page, server);
  const result = readPng(await through(page, writePng(gradient), 'png16'));
  expect([result.width, result.height, result.depth]).toEqual([256, 96, 16]);
  const row = Array.from({ length: 256 }, (_, x) => result.values[(48 * 256 + x) * 3]!);
  expect(new Set(row).size, 'levels in a row').toBeGreaterThan(100);
  expect(row.filter((value) => value % 257 !== 0).length, 'levels that 8 bits do not have').toBeGreaterThan(200);
  let sum = 0;
  for (let y = 4; y < 20; y++) for (let x = 4; x < 60; x++) sum += Math.abs(at(result, x, y)[0]! - level(x, 0));
  expect(sum / (16 * 56) / 257, 'mean difference, in levels of 8 bits').toBeLessThan(3);
});

test('a cut-out has no halo: whatever colour hides under its transparent pixels', async ({ page, server }) => {
  const [side, radius] = [32, 11];
  const inside = (x: number, y: number): number =>
    Math.min(1, Math.max(0, radius + 0.5 - Math.hypot(x - side / 2 + 0.5, y - side / 2 + 0.5)));
  await open(page, server);
  for (const hidden of [
    [0, 0, 0],
    [255, 255, 255],
    [0, 255, 0],
  ]) {
    const disc: Samples = {
      width: side,
      height: side,
      channels: 4,
      depth: 8,
      values: Array.from({ length: side * side }, (_, i) => {
        const share = inside(i % side, Math.floor(i / side));
        return [...(share > 0 ? [220, 40, 30] : hidden), Math.round(255 * share)];
      }).flat(),
    };
    const result = readPng(await through(page, writePng(disc), 'png'));
    expect(result.channels).toBe(4);
    let worst = 0;
    let alpha = 0;
    for (let y = 0; y < 4 * side; y++) {
      for (let x = 0; x < 4 * side; x++) {
        const [r, g, b, a] = result.values.slice((y * 4 * side + x) * 4, (y * 4 * side + x) * 4 + 4) as [number, number, number, number];
        // What is seen of a wrong colour is its share.
        worst = Math.max(worst, (far([r, g, b], [220, 40, 30]) * a) / 255);
        alpha += Math.abs(a / 255 - inside((x - 1.5) / 4, (y - 1.5) / 4));
      }
    }
    expect(worst, `over hidden ${hidden}`).toBeLessThan(40);
    expect(alpha / (16 * side * side), 'mean difference of the outline').toBeLessThan(0.02);
  }
});
