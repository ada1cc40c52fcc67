/** What is in a file beside its colours: transparency and orientation. */
import { readFile } from 'node:fs/promises';
import { expect, open, save, test, upscale } from '../support/fixtures.ts';
import { IMAGES } from '../support/folders.ts';
import { decode, difference, reduced, type Pixels } from '../support/pixels.ts';

/** The file with an EXIF block that says: turn by 90 degrees clockwise before showing. */
function turned(jpeg: Buffer): Buffer {
  const exif = Buffer.concat([
    Buffer.from('Exif\0\0MM\0*', 'latin1'),
    Buffer.from([0, 0, 0, 8, 0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, 6, 0, 0, 0, 0, 0, 0]),
  ]);
  const marker = Buffer.from([0xff, 0xe1, 0, exif.length + 2]);
  return Buffer.concat([jpeg.subarray(0, 2), marker, exif, jpeg.subarray(2)]);
}

test('a photo taken on the side comes out upright', async ({ page, server }) => {
  await open(page, server);
  const photo = turned(await readFile(`${IMAGES}/baseline.jpg`));
  await upscale(page, { file: { name: 'side.jpg', mimeType: 'image/jpeg', buffer: photo }, steps: 1 });
  await expect(page.locator('#sizes')).toHaveText('24 × 40 → 96 × 160 pixels');
  const result = await decode(page, (await save(page)).bytes);
  expect(difference(reduced(result), await decode(page, photo)).mean).toBeLessThan(12);
});

test('transparency is kept', async ({ page, server }) => {
  await open(page, server);
  const file = `${IMAGES}/lossy-alpha.webp`;
  await upscale(page, { file, steps: 1 });
  const alpha = ({ width, height, data }: Pixels): Pixels => ({ width, height, data: data.map((value, i) => (i % 4 === 3 ? value : 0)) });
  const original = alpha(await decode(page, await readFile(file)));
  expect(Math.min(...original.data.filter((_, i) => i % 4 === 3))).toBeLessThan(128);
  const result = alpha(await decode(page, (await save(page)).bytes));
  expect(difference(reduced(result), original).mean).toBeLessThan(2);
});
