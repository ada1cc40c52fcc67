/** Checkpoints as they were published, dropped on the page, and what becomes of them on this device. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import { begin, errorCode, expect, fixture, open, test, upscale } from '../support/fixtures.ts';
import { GOLDEN } from '../support/folders.ts';
import { count, keys, spoil } from '../support/stored.ts';
import type { TestServer } from '../support/server.ts';

const UNET = ['tiny_unet.pth', 'tiny_unet.config.json'];
const AUTOENCODER = ['tiny_vq.pth', 'tiny_vq.config.json'];
const PHOTO = fixture('cup-16x16.png');
const NAME = 'resshift-own';

/** Drops files of `tests/golden/` on the page. */
async function drop(page: Page, server: TestServer, names: string[]): Promise<void> {
  server.add(new Map(names.map((name) => [`golden/${name}`, readFileSync(join(GOLDEN, name))])));
  const transfer = await page.evaluateHandle(async (names) => {
    const transfer = new DataTransfer();
    for (const name of names) transfer.items.add(new File([await (await fetch(`golden/${name}`)).blob()], name));
    return transfer;
  }, names);
  await page.dispatchEvent('body', 'drop', { dataTransfer: transfer });
}

async function agree(page: Page): Promise<void> {
  await page.getByRole('checkbox').check();
  await page.getByRole('button', { name: 'Convert and keep' }).click();
}

async function imported(page: Page, server: TestServer): Promise<void> {
  await open(page, server);
  await drop(page, server, [...AUTOENCODER, ...UNET]);
  await agree(page);
  await expect(page.getByRole('dialog')).toBeHidden({ timeout: 60_000 });
}

test('a network and its autoencoder become a model that runs, also after a reload without a network', async ({ page, context, server }) => {
  await open(page, server);
  await drop(page, server, [...UNET, ...AUTOENCODER]);
  const dialog = page.getByRole('dialog');
  await expect(dialog).toContainText(NAME);
  await expect(dialog).toContainText('The authors of these weights decide how they may be used.');
  expect(await count(page, 'shards'), 'nothing is stored before consent').toBe(0);
  await agree(page);
  await expect(dialog).toBeHidden({ timeout: 60_000 });
  expect(await keys(page, 'models')).toEqual([NAME]);
  expect(await count(page, 'pending')).toBe(0);
  await expect(page.locator('#model')).toHaveValue(NAME);
  await upscale(page, { file: PHOTO, steps: 1 });
  await expect(page.locator('#model-line')).toContainText(`${NAME} `);
  await expect(page.locator('#model-line')).toContainText('non-commercial');

  await page.evaluate(async () => {
    await navigator.serviceWorker.ready;
  });
  await context.setOffline(true);
  await page.reload();
  await expect(page.locator('body')).toHaveAttribute('data-phase', 'ready');
  await page.locator('#model').selectOption(NAME);
  await upscale(page, { file: PHOTO, steps: 1 });
  await expect(page.locator('#outcome')).toContainText('64 × 64 pixels');
  expect(server.asked(/models/)).toEqual([]);
});

test('deleting it leaves nothing behind, and the default model as it was', async ({ page, server }) => {
  await imported(page, server);
  await page.locator('#model').selectOption('compact');
  await upscale(page, { file: PHOTO, steps: 1 });
  expect(await keys(page, 'models')).toEqual(['compact', NAME]);
  await page.getByText('Models on this device').click();
  await page.getByRole('button', { name: `Delete ${NAME}` }).click();
  await expect(page.locator('.model-name')).toHaveText(['compact']);
  expect(await keys(page, 'models')).toEqual(['compact']);
  expect(await count(page, 'shards')).toBe(1);
});

test('what was converted and went bad is removed, and said', async ({ page, server }) => {
  await imported(page, server);
  expect(await spoil(page, 'shards', 1)).toBe(1);
  await begin(page, { file: PHOTO, steps: 1 });
  expect(await errorCode(page)).toBe('bad-weights');
  await expect(page.locator('#error-message')).toHaveText(`The stored model ${NAME} was damaged and has been removed.`);
  expect((await count(page, 'models')) + (await count(page, 'shards'))).toBe(0);
});

const misfits: { what: string; files: string[]; says: RegExp }[] = [
  { what: 'the network twice', files: [...UNET, 'tiny_unet.module.pth'], says: /the file given as the autoencoder holds the UNet/ },
  {
    what: 'a network that is not a released one, without its configuration',
    files: ['tiny_unet.pth', ...AUTOENCODER],
    says: /give its configuration/,
  },
  { what: 'files of another kind', files: ['tiny_unet.pth', 'photo.png'], says: /^The checkpoint cannot be used: / },
];
for (const { what, files, says } of misfits) {
  test(`${what}: one sentence, and nothing kept`, async ({ page, server }) => {
    await open(page, server);
    await drop(page, server, files);
    await expect(page.locator('#import-code')).toHaveText(/Code: (bad-checkpoint|bad-option)/, { timeout: 30_000 });
    await expect(page.locator('#import-text')).toHaveText(says);
    expect((await count(page, 'models')) + (await count(page, 'shards')) + (await count(page, 'pending'))).toBe(0);
  });
}

test('an import that is ended leaves nothing behind', async ({ page, server }) => {
  server.prepend(
    /worker\.js$/,
    `{
    const { put } = IDBObjectStore.prototype;
    // Time to cancel between two shards.
    IDBObjectStore.prototype.put = function (value, key) {
      if (this.name === 'pending') for (const end = performance.now() + 2000; performance.now() < end;);
      return put.call(this, value, key);
    };
  }`,
  );
  await open(page, server);
  await drop(page, server, [...UNET, ...AUTOENCODER]);
  await agree(page);
  await expect(page.locator('#import-text')).toContainText('Converting');
  await page.getByRole('button', { name: 'Cancel' }).click();
  await expect(page.getByRole('dialog')).toBeHidden();
  await expect.poll(async () => (await count(page, 'models')) + (await count(page, 'shards')) + (await count(page, 'pending'))).toBe(0);
});

test('without storage there is no import, and the sentence says so', async ({ page, server }) => {
  const blocked = "Object.defineProperty(globalThis, 'indexedDB', { get() { throw new DOMException('denied', 'SecurityError'); } });";
  server.prepend(/worker\.js$/, blocked);
  await page.addInitScript(blocked);
  await open(page, server);
  await drop(page, server, [...UNET, ...AUTOENCODER]);
  await expect(page.locator('#import-code')).toHaveText('Code: storage', { timeout: 30_000 });
  await expect(page.locator('#import-text')).toContainText('allow storage for this site, then add the model again');
});
