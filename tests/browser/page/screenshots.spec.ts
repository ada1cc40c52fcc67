/** The manifest's screenshots show the page as it is. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import { FOLDER, photograph, SHOTS } from '../../../www/screenshots.mjs';
import { expect, test } from '../support/fixtures.ts';
import { decode, type Pixels } from '../support/pixels.ts';

test.use({ engine: 'fake', locale: 'en-GB' });

/** Side of a block in pixels: about two letters. */
const BLOCK = 16;
/** Brightness, of 255, by which a block must differ to count. Other digits in a time do not make as much. */
const APART = 16;

/** Mean brightness of each block outside the picture: the stand-in's is softer than the engine's. */
function blocks({ width, height, data }: Pixels, picture: { x: number; y: number; width: number; height: number }): number[] {
  const means: number[] = [];
  for (let top = 0; top < height; top += BLOCK) {
    for (let left = 0; left < width; left += BLOCK) {
      const [bottom, right] = [Math.min(height, top + BLOCK), Math.min(width, left + BLOCK)];
      if (right > picture.x && left < picture.x + picture.width && bottom > picture.y && top < picture.y + picture.height) continue;
      let sum = 0;
      for (let y = top; y < bottom; y++)
        for (let x = left; x < right; x++) for (let c = 0; c < 3; c++) sum += data[(y * width + x) * 4 + c]!;
      means.push(sum / (3 * (bottom - top) * (right - left)));
    }
  }
  return means;
}

/** Share of the blocks of the kept screenshot that differ from the page. */
async function apart(page: Page, url: string, name: string): Promise<number> {
  // As in the browser that took it.
  await page.addInitScript(() =>
    Object.assign(globalThis, {
      fake: { capabilities: { wasm: true, webgpu: null, recommended: 'cpu', cache: true, maxPixels: 1 << 22 } },
    }),
  );
  const now = await decode(page, await photograph(page, url));
  const picture = (await page.locator('#frame').boundingBox())!;
  const kept = await decode(page, await readFile(join(FOLDER, `${name}.jpg`)));
  expect([kept.width, kept.height]).toEqual([now.width, now.height]);
  const [present, past] = [blocks(now, picture), blocks(kept, picture)];
  return present.filter((mean, i) => Math.abs(mean - past[i]!) > APART).length / present.length;
}

for (const { name, width, height } of SHOTS) {
  test.describe(name, () => {
    test.use({ viewport: { width, height } });

    test('the screenshot is of this page: ./build.sh screenshots takes it anew', async ({ page, server }) => {
      expect(await apart(page, server.url, name)).toBeLessThan(0.01);
    });
  });
}
