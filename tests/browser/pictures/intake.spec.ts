/** The ways a picture comes in, over the stand-in engine. */
import { readFile } from 'node:fs/promises';
import type { Page } from '@playwright/test';
import { begin, errorCode, expect, fixture, open, test } from '../support/fixtures.ts';
import { IMAGES } from '../support/folders.ts';

// A service worker would fetch the samples too, and the tests below count.
test.use({ engine: 'fake', serviceWorkers: 'block' });

/** Fires a drop or paste with files, as the system would. */
async function hand(page: Page, kind: 'drop' | 'paste', names: string[]): Promise<void> {
  const files = await Promise.all(names.map(async (name) => ({ name, base64: (await readFile(fixture(name))).toString('base64') })));
  await page.evaluate(
    ({ kind, files }) => {
      const transfer = new DataTransfer();
      for (const { name, base64 } of files) {
        transfer.items.add(new File([Uint8Array.from(atob(base64), (c) => c.charCodeAt(0))], name, { type: 'image/png' }));
      }
      const options = { bubbles: true, cancelable: true };
      if (kind === 'paste') {
        // Firefox leaves out the files of one that a script makes.
        document.body.dispatchEvent(Object.defineProperty(new ClipboardEvent('paste', options), 'clipboardData', { value: transfer }));
      } else {
        document.body.dispatchEvent(new DragEvent('dragenter', { ...options, dataTransfer: transfer }));
        document.body.dispatchEvent(new DragEvent('drop', { ...options, dataTransfer: transfer }));
      }
    },
    { kind, files },
  );
}

test('samples', async ({ page, server }) => {
  await open(page, server);
  for (const [button, name, size] of [
    ['Coffee cup', 'coffee.png', '150 × 100'],
    ['Colosseum', 'colosseum.jpg', '320 × 180'],
    ['Cat', 'cat.png', '112 × 75'],
  ]) {
    await page.getByRole('button', { name: button! }).click();
    await expect(page.locator('#name')).toHaveText(name!);
    await expect(page.locator('#sizes')).toContainText(size!);
  }
});

for (const kind of ['drop', 'paste'] as const) {
  test(`${kind} takes one picture, and several as a queue`, async ({ page, server }) => {
    await open(page, server);
    await hand(page, kind, ['cup-40x32.png']);
    await expect(page.locator('#name')).toHaveText('cup-40x32.png');
    await expect(page.locator('#drop-hint')).toBeHidden();
    await hand(page, kind, ['cup-16x16.png', 'cup-40x32.png']);
    await expect(page.locator('#name')).toHaveText('cup-16x16.png');
    await expect(page.locator('#queue-list li')).toHaveCount(2);
  });

  test(`${kind} of something else than a file is answered`, async ({ page, server }) => {
    await open(page, server);
    await hand(page, kind, []);
    expect(await errorCode(page)).toBe('no-input');
  });
}

test('text pasted into the seed field is left to the field', async ({ page, server }) => {
  await open(page, server);
  await page.locator('#seed').evaluate((field) => {
    const transfer = new DataTransfer();
    transfer.setData('text/plain', '42');
    field.dispatchEvent(new ClipboardEvent('paste', { bubbles: true, cancelable: true, clipboardData: transfer }));
  });
  await expect(page.locator('#error-card')).toBeHidden();
});

test('the drop hint follows the pointer', async ({ page, server }) => {
  await open(page, server);
  await page.evaluate(() => document.body.dispatchEvent(new DragEvent('dragenter', { bubbles: true })));
  await expect(page.locator('#drop-hint')).toBeVisible();
  await page.evaluate(() => document.body.dispatchEvent(new DragEvent('dragleave', { bubbles: true })));
  await expect(page.locator('#drop-hint')).toBeHidden();
});

test('a picture that comes during a run waits for its turn', async ({ page, server }) => {
  await page.addInitScript(() => Object.assign(globalThis, { fake: { pace: 40 } }));
  await open(page, server);
  await begin(page, { file: fixture('cup-40x32.png') });
  await hand(page, 'drop', ['cup-16x16.png']);
  await expect(page.locator('#queue-list li')).toHaveCount(2);
  await expect(page.locator('#name')).toHaveText('cup-40x32.png');
  await expect(page.locator('body')).toHaveAttribute('data-phase', 'done');
  await expect(page.locator('#queue-list li[data-state=done]')).toHaveCount(2);
});

test('formats that only the browser reads go in as pixels', async ({ page, server }) => {
  await open(page, server);
  const gif = Buffer.from('R0lGODdhAgACAIABAP8AAP///ywAAAAAAgACAAACAoRRADs=', 'base64');
  await page.locator('#file').setInputFiles({ name: 'dot.gif', mimeType: 'image/gif', buffer: gif });
  await expect(page.locator('#sizes')).toHaveText('2 × 2 → 8 × 8 pixels');
});

/** Grey, 8 bits, not compressed: 3 x 2 pixels. */
function tiff(): Buffer {
  const entry = (tag: number, type: 3 | 4, value: number): Buffer => {
    const bytes = Buffer.alloc(12);
    bytes.writeUInt16LE(tag);
    bytes.writeUInt16LE(type, 2);
    bytes.writeUInt32LE(1, 4);
    bytes.writeUInt32LE(value, 8);
    return bytes;
  };
  const entries = [
    entry(256, 3, 3),
    entry(257, 3, 2),
    entry(258, 3, 8),
    entry(259, 3, 1),
    entry(262, 3, 1),
    entry(273, 4, 8),
    entry(277, 3, 1),
    entry(278, 3, 2),
    entry(279, 4, 6),
  ];
  return Buffer.concat([
    Buffer.from('II*\0\x10\0\0\0', 'latin1'),
    Buffer.from([0, 50, 100, 150, 200, 250, 0, 0]),
    Buffer.from([entries.length, 0]),
    ...entries,
    Buffer.alloc(4),
  ]);
}

/** 24 bits, 2 x 2 pixels. */
function bmp(): Buffer {
  const bytes = Buffer.alloc(70, 128);
  bytes.fill(0, 0, 54);
  bytes.write('BM');
  for (const [at, value] of [
    [2, 70],
    [10, 54],
    [14, 40],
    [18, 2],
    [22, 2],
    [34, 16],
  ] as const)
    bytes.writeUInt32LE(value, at);
  bytes.writeUInt16LE(1, 26);
  bytes.writeUInt16LE(24, 28);
  return bytes;
}

const BY_CONTENT: [string, () => Promise<Buffer> | Buffer, RegExp][] = [
  ['PNG', () => readFile(fixture('cup-40x32.png')), /^40 × 32 → 160 × 128 pixels$/],
  ['JPEG', () => readFile(`${IMAGES}/baseline.jpg`), /^40 × 24 → 160 × 96 pixels$/],
  ['WebP', () => readFile(`${IMAGES}/lossy.webp`), /^\d+ × \d+ → \d+ × \d+ pixels$/],
  ['AVIF', () => readFile(fixture('cup-16x16.avif')), /^16 × 16 → 64 × 64 pixels$/],
  ['GIF', () => Buffer.from('R0lGODdhAgACAIABAP8AAP///ywAAAAAAgACAAACAoRRADs=', 'base64'), /^2 × 2 → 8 × 8 pixels$/],
  ['BMP', bmp, /^2 × 2 → 8 × 8 pixels$/],
  // Only the engine reads it.
  ['TIFF', tiff, /^This browser cannot show the picture, but the upscaler may still read it\.$/],
];

for (const [format, bytes, size] of BY_CONTENT) {
  test(`${format} is recognised by its content, whatever its name says`, async ({ page, server }) => {
    await open(page, server);
    await page.locator('#file').setInputFiles({ name: 'notes.txt', mimeType: 'text/plain', buffer: await bytes() });
    await expect(page.locator('#sizes')).toHaveText(size);
    await expect(page.locator('#name')).toHaveText('notes.txt');
    await expect(page.locator('#upscale')).toBeEnabled();
    await expect(page.locator('#error-card')).toBeHidden();
  });
}

test('a slow sample does not replace what a person chose in the meantime', async ({ page, server }) => {
  await open(page, server);
  server.break(/coffee\.png/, 'stall');
  await page.getByRole('button', { name: 'Coffee cup' }).click();
  await expect.poll(() => server.asked(/coffee\.png/).length).toBe(2);
  await page.locator('#file').setInputFiles(fixture('cup-16x16.png'));
  await expect(page.locator('#name')).toHaveText('cup-16x16.png');
  const names = await page.evaluateHandle(() => {
    const label = document.getElementById('name')!;
    const names: string[] = [];
    new MutationObserver(() => names.push(label.textContent!)).observe(label, { childList: true });
    return names;
  });
  server.release();
  await expect
    .poll(() => page.evaluate(() => performance.getEntriesByType('resource').filter(({ name }) => name.endsWith('coffee.png')).length))
    .toBe(2);
  await page.getByRole('button', { name: 'Colosseum' }).click();
  await expect(page.locator('#name')).toHaveText('colosseum.jpg');
  expect(await names.jsonValue()).toEqual(['colosseum.jpg']);
});
