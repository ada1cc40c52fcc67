/** The manifest's screenshots show the page as it is. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import { FOLDER, photograph, SHOTS } from '../../www/screenshots.mjs';
import { expect, test } from './fixtures.ts';
import { decode } from './pixels.ts';

// Its picture is softer than the engine's, and it takes less time: both are lost in the means below.
test.use({ engine: 'fake', locale: 'en-GB' });

/** Side of a block in pixels: some letters, so that words may differ a little. */
const BLOCK = 32;
/** Brightness, of 255, by which a block must differ to count. */
const APART = 24;

/** Mean brightness of each block. */
async function blocks(page: Page, file: Buffer): Promise<{ width: number; height: number; means: number[] }> {
  const { width, height, data } = await decode(page, file);
  const means: number[] = [];
  for (let top = 0; top < height; top += BLOCK) {
    for (let left = 0; left < width; left += BLOCK) {
      const [bottom, right] = [Math.min(height, top + BLOCK), Math.min(width, left + BLOCK)];
      let sum = 0;
      for (let y = top; y < bottom; y++) for (let x = left; x < right; x++) for (let c = 0; c < 3; c++) sum += data[(y * width + x) * 4 + c]!;
      means.push(sum / (3 * (bottom - top) * (right - left)));
    }
  }
  return { width, height, means };
}

for (const { name, width, height } of SHOTS) {
  test.describe(name, () => {
    test.use({ viewport: { width, height } });

    test('the screenshot is of this page: ./build.sh screenshots takes it anew', async ({ page, server }) => {
      const now = await blocks(page, await photograph(page, server.url));
      const kept = await blocks(page, await readFile(join(FOLDER, `${name}.jpg`)));
      expect([kept.width, kept.height]).toEqual([width, height]);
      const apart = now.means.filter((mean, i) => Math.abs(mean - kept.means[i]!) > APART).length;
      expect(apart / now.means.length, 'share of blocks that differ').toBeLessThan(0.02);
    });
  });
}
