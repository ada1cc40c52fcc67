/** Files that are no good: what the engine says of the bytes, and what a person sees. */
import { readFile } from 'node:fs/promises';
import { begin, choose, errorCode, expect, fixture, open, test, upscale } from '../support/fixtures.ts';
import { SAMPLE_PHOTO } from '../support/folders.ts';

/** The checksum of PNG chunks. */
function crc(bytes: Buffer): number {
  let value = 0xffffffff;
  for (const byte of bytes) {
    value ^= byte;
    for (let bit = 0; bit < 8; bit++) value = (value >>> 1) ^ (value & 1 ? 0xedb88320 : 0);
  }
  return (value ^ 0xffffffff) >>> 0;
}

/** A PNG file that claims 30000 x 30000 pixels and holds none. */
function claimingTooMuch(): Buffer {
  const header = Buffer.alloc(17);
  header.write('IHDR', 0, 'latin1');
  header.writeUInt32BE(30_000, 4);
  header.writeUInt32BE(30_000, 8);
  header.set([8, 2, 0, 0, 0], 12);
  const chunk = Buffer.alloc(25);
  chunk.writeUInt32BE(13, 0);
  header.copy(chunk, 4);
  chunk.writeUInt32BE(crc(header), 21);
  return Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), chunk, Buffer.from('\0\0\x10\0IDAT', 'latin1')]);
}

async function files(): Promise<{ what: string; buffer: Buffer; code: string }[]> {
  const png = await readFile(fixture('cup-40x32.png'));
  const jpeg = await readFile(SAMPLE_PHOTO);
  return [
    { what: 'empty', buffer: Buffer.alloc(0), code: 'bad-image' },
    { what: 'text', buffer: Buffer.from('This is no picture, whatever its name says.\n'.repeat(40)), code: 'not-an-image' },
    { what: 'half a PNG', buffer: png.subarray(0, png.length >> 1), code: 'bad-image' },
    { what: 'half a JPEG', buffer: jpeg.subarray(0, jpeg.length >> 2), code: 'bad-image' },
    { what: 'too large', buffer: claimingTooMuch(), code: 'image-too-large' },
  ];
}

test('the engine names what is wrong with each file, and works on', async ({ page, server }) => {
  await open(page, server);
  const given = await files();
  const codes = await page.evaluate(
    async ({ given }) => {
      const { Upscaler, UpscalerError } = (await import(new URL('resshift/index.js', location.href).href)) as typeof import('resshift-web');
      const upscaler = await Upscaler.create({ device: 'cpu' });
      const bytes = (base64: string) => Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
      const codes: string[] = [];
      for (const { base64 } of given) {
        const outcome = await upscaler.upscale(bytes(base64), { steps: 1 }).then(
          () => 'done',
          (error: unknown) => error,
        );
        codes.push(outcome instanceof UpscalerError ? outcome.code : String(outcome));
      }
      for (const options of [{ steps: 0 }, { steps: 2.5 }, { seed: -1 }, { temperature: 9 }]) {
        const outcome = await upscaler.upscale(new ImageData(4, 4), options).then(
          () => 'done',
          (error: unknown) => error,
        );
        codes.push(outcome instanceof UpscalerError ? outcome.code : String(outcome));
      }
      const { width, height } = await upscaler.upscale(new ImageData(5, 3), { steps: 1 });
      upscaler.dispose();
      return { codes, size: [width, height] };
    },
    { given: given.map(({ buffer }) => ({ base64: buffer.toString('base64') })) },
  );
  expect(codes.codes).toEqual([...given.map(({ code }) => code), 'bad-option', 'bad-option', 'bad-option', 'bad-option']);
  expect(codes.size).toEqual([20, 12]);
});

test('an empty file and a file that is not a picture are refused immediately; the previous picture stays', async ({ page, server }) => {
  await open(page, server);
  const [empty, prose] = await files();
  await page.locator('#file').setInputFiles({ name: 'nothing.png', mimeType: 'image/png', buffer: empty!.buffer });
  expect(await errorCode(page)).toBe('no-input');
  await page.locator('#file').setInputFiles({ name: 'letter.png', mimeType: 'image/png', buffer: prose!.buffer });
  await expect(page.locator('#error-message')).toContainText('letter.png');
  expect(await errorCode(page)).toBe('not-an-image');
  await expect(page.locator('#name')).toHaveText('cat.png');
  await expect(page.getByRole('button', { name: 'Choose another picture' })).toBeVisible();

  await upscale(page, { file: fixture('cup-16x16.png'), steps: 1 });
});

for (const index of [2, 3, 4]) {
  test(`a damaged or huge file (${['', '', 'half a PNG', 'half a JPEG', 'too large'][index]}) meets the engine's verdict`, async ({
    page,
    server,
  }) => {
    await open(page, server);
    const { buffer, code } = (await files())[index]!;
    await choose(page, { name: 'odd.png', mimeType: 'image/png', buffer });
    await begin(page, { steps: 1 });
    expect(await errorCode(page)).toBe(code);
    await upscale(page, { file: fixture('cup-16x16.png') });
  });
}
