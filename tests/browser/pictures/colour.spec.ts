/** Colour profile, depth and metadata on their way from a person's file to the saved one. */
import { readFile } from 'node:fs/promises';
import { deflateSync, inflateSync } from 'node:zlib';
import { expect, fixture, open, test, upscale } from '../support/fixtures.ts';
import { chunk, chunkOf } from '../support/png.ts';

/** A profile as far as the engine looks: size, RGB, signature. */
const PROFILE = Buffer.alloc(400, 'colour');
PROFILE.writeUInt32BE(400, 0);
PROFILE.write('RGB ', 16, 'latin1');
PROFILE.write('acsp', 36, 'latin1');

/** EXIF with the maker's name and nothing else. */
const EXIF = Buffer.from('MM\0*\0\0\0\x08\0\x01\x01\x0f\0\x02\0\0\0\x04Who\0\0\0\0\0', 'latin1');

/** The fixture with a profile and EXIF data after its header. */
async function tagged(): Promise<Buffer> {
  const png = await readFile(fixture('cup-16x16.png'));
  const icc = chunk('iCCP', Buffer.concat([Buffer.from('P3\0\0', 'latin1'), deflateSync(PROFILE)]));
  return Buffer.concat([png.subarray(0, 33), icc, chunk('eXIf', EXIF), png.subarray(33)]);
}

const RESULTS = [
  { format: 'png', metadata: 'keep', button: 'Save PNG', name: 'photo_x4.png' },
  { format: 'png16', metadata: 'strip', button: 'Save PNG', name: 'photo_x4.png' },
  { format: 'jpeg', metadata: 'keep', button: 'Save JPEG', name: 'photo_x4.jpg' },
  { format: 'webp', metadata: 'strip', button: 'Save WebP', name: 'photo_x4.webp' },
] as const;

test('every kind of file keeps the profile, and the metadata if asked', async ({ page, server }) => {
  await open(page, server);
  const buffer = await tagged();
  await page.getByText('More settings').click();
  for (const { format, metadata, button, name } of RESULTS) {
    await page.locator('#format').selectOption(format);
    await page.locator('#metadata').selectOption(metadata);
    await upscale(page, { file: { name: 'photo.png', mimeType: 'image/png', buffer }, steps: 1, device: 'cpu' });
    const coming = page.waitForEvent('download');
    await page.getByRole('link', { name: button }).click();
    const download = await coming;
    expect(download.suggestedFilename()).toBe(name);
    const file = await readFile(await download.path());
    expect(file.includes('Who'), `${format} and metadata: ${metadata}`).toBe(metadata === 'keep');
    if (format === 'png' || format === 'png16') {
      expect(chunkOf(file, 'IHDR')?.[8], 'bits').toBe(format === 'png16' ? 16 : 8);
      const icc = chunkOf(file, 'iCCP')!;
      expect(inflateSync(icc.subarray(icc.indexOf(0) + 2)).equals(PROFILE)).toBe(true);
    } else {
      expect(file.includes(PROFILE), `${format} holds the profile`).toBe(true);
    }
  }
});
