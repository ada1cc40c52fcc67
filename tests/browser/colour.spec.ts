/** Colour profile, depth and metadata on their way from a person's file to the saved one. */
import { readFile } from 'node:fs/promises';
import { crc32, deflateSync, inflateSync } from 'node:zlib';
import { expect, fixture, open, test, upscale } from './fixtures.ts';

/** A profile as far as the engine looks: size, RGB, signature. */
const PROFILE = Buffer.alloc(400, 'colour');
PROFILE.writeUInt32BE(400, 0);
PROFILE.write('RGB ', 16, 'latin1');
PROFILE.write('acsp', 36, 'latin1');

/** EXIF with the maker's name and nothing else. */
const EXIF = Buffer.from('MM\0*\0\0\0\x08\0\x01\x01\x0f\0\x02\0\0\0\x04Who\0\0\0\0\0', 'latin1');

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const [size, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
  size.writeUInt32BE(data.length);
  sum.writeUInt32BE(crc32(body));
  return Buffer.concat([size, body, sum]);
}

/** The fixture with a profile and EXIF data after its header. */
async function tagged(): Promise<Buffer> {
  const png = await readFile(fixture('cup-16x16.png'));
  const icc = chunk('iCCP', Buffer.concat([Buffer.from('P3\0\0', 'latin1'), deflateSync(PROFILE)]));
  return Buffer.concat([png.subarray(0, 33), icc, chunk('eXIf', EXIF), png.subarray(33)]);
}

function chunkOf(png: Buffer, type: string): Buffer | undefined {
  for (let at = 8; at < png.length; at += 12 + png.readUInt32BE(at)) {
    if (png.toString('latin1', at + 4, at + 8) === type) return png.subarray(at + 8, at + 8 + png.readUInt32BE(at));
  }
  return undefined;
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
