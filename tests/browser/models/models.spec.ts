/** The list of models and the dialog that adds one, over the stand-in engine. */
import { AxeBuilder } from '@axe-core/playwright';
import type { Page } from '@playwright/test';
import { expect, open, test } from '../support/fixtures.ts';
import type { Wishes } from '../fake/wishes.d.ts';

test.use({ engine: 'fake' });

const SITE = ['compact (default)', 'nano'];
const OWN = {
  name: 'own',
  version: '1',
  steps: 4,
  y0: 0,
  bytes: 12_000_000,
  licence: { name: 'CC0-1.0', commercial: true },
  imported: true,
};
const UNET = { name: 'resshift_realsrx4_s4_v3.pth', mimeType: '', buffer: Buffer.from('unet') };
const AUTOENCODER = { name: 'autoencoder_vq_f4.pth', mimeType: '', buffer: Buffer.from('autoencoder') };

async function wish(page: Page, wishes: Wishes): Promise<void> {
  await page.addInitScript((given) => Object.assign(globalThis, { fake: given }), wishes);
}

async function axe(page: Page): Promise<void> {
  const { violations } = await new AxeBuilder({ page })
    .withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'])
    .analyze();
  expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target.join(' ')).join(', ')}`)).toEqual([]);
}

async function drop(page: Page, files: (typeof UNET)[]): Promise<void> {
  const transfer = await page.evaluateHandle(
    (files) => {
      const transfer = new DataTransfer();
      for (const { name, bytes } of files) transfer.items.add(new File([Uint8Array.from(bytes)], name));
      return transfer;
    },
    files.map(({ name, buffer }) => ({ name, bytes: [...buffer] })),
  );
  await page.dispatchEvent('body', 'drop', { dataTransfer: transfer });
}

test('nothing kept: the choice of the models that the site has, and a sentence that says what will come', async ({ page, server }) => {
  await open(page, server);
  await expect(page.locator('#model option')).toHaveText(SITE);
  await page.locator('#model').selectOption('nano');
  await expect(page.locator('#model-about')).toHaveText('2.7 MB · Faster, a third of the download, slightly softer.');
  await page.locator('#model').selectOption('compact');
  await page.getByText('Models on this device').click();
  await expect(page.locator('#models-note')).toContainText('8.2 MB');
  await expect(page.getByRole('button', { name: 'Delete all' })).toBeHidden();
});

test('kept models are listed with size and terms, chosen, and deleted one by one or all', async ({ page, server }) => {
  await wish(page, { models: [OWN, { ...OWN, name: 'other', licence: { name: 'S-Lab License 1.0', commercial: false } }] });
  await open(page, server);
  await expect(page.locator('#model option')).toHaveText([...SITE, 'own', 'other']);
  await page.locator('#model').selectOption('own');
  await expect(page.locator('.segments label:visible'), 'its chain has 4 steps').toHaveText([/^4/, /^1/]);
  await expect(page.locator('input[name=steps]:checked')).toHaveValue('4');

  await page.getByText('Models on this device').click();
  await expect(page.locator('#models-size')).toHaveText('24.0 MB');
  await expect(page.locator('.model-detail')).toHaveText(['1 · 12.0 MB · CC0-1.0', '1 · 12.0 MB · S-Lab License 1.0, non-commercial']);
  await expect(page.locator('#models-note')).toContainText('free for this site');
  await axe(page);
  await page.getByRole('button', { name: 'Delete own from this device' }).click();
  await expect(page.locator('.model-name')).toHaveText(['other']);
  await expect(page.locator('#model')).toHaveValue('compact');
  await expect(page.locator('input[name=steps]:checked')).toHaveValue('15');
  await page.getByRole('button', { name: 'Delete all' }).click();
  await expect(page.locator('.model-name')).toHaveCount(0);
  await expect(page.locator('#model option')).toHaveText(SITE);
});

for (const colorScheme of ['light', 'dark'] as const) {
  test(`adding a model, in ${colorScheme} colours: files, terms, consent, conversion`, async ({ page, server }) => {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    await wish(page, { pace: 100 });
    await open(page, server);
    await drop(page, [UNET]);
    const dialog = page.getByRole('dialog', { name: 'Add a model' });
    await expect(dialog).toContainText('One more file is needed');
    await axe(page);
    await page.locator('#model-files').setInputFiles(AUTOENCODER);
    await expect(dialog).toContainText('S-Lab License 1.0');
    await expect(dialog).toContainText('non-commercial purposes only');
    await expect(dialog.getByRole('link', { name: 'Read the licence' })).toHaveAttribute('href', 'https://example.com/licence');
    const go = dialog.getByRole('button', { name: 'Convert and keep' });
    await expect(go).toBeDisabled();
    await axe(page);
    await dialog.getByRole('checkbox').check();
    await go.click();
    await expect(dialog).toContainText(/Converting and storing: \d+ %/);
    await expect(dialog).toBeHidden();
    await expect(page.locator('#model')).toHaveValue('resshift-realsr-v3');
    await expect(page.locator('.strip')).toContainText('resshift-realsr-v3 is now on this device');
  });
}

test('without consent nothing is converted, and another try begins anew', async ({ page, server }) => {
  await open(page, server);
  await drop(page, [AUTOENCODER, UNET]);
  const dialog = page.getByRole('dialog');
  await expect(dialog.getByRole('checkbox')).toBeVisible();
  await dialog.getByRole('button', { name: 'Cancel' }).click();
  await expect(dialog).toBeHidden();
  await expect(page.locator('#model option')).toHaveText(SITE);
  await drop(page, [UNET]);
  await expect(dialog).toContainText('One more file is needed');
  await page.keyboard.press('Escape');
  await expect(dialog).toBeHidden();
});

test('files that do not fit: one sentence, what to do, the code, and other files', async ({ page, server }) => {
  await wish(page, { importError: 'bad-checkpoint' });
  await open(page, server);
  await drop(page, [UNET, AUTOENCODER]);
  const dialog = page.getByRole('dialog');
  await expect(dialog.locator('#import-text')).toContainText('The checkpoint cannot be used');
  await expect(dialog.locator('#import-code')).toHaveText('Code: bad-checkpoint');
  await axe(page);
  await page.locator('#model-files').setInputFiles([UNET, AUTOENCODER]);
  await expect(dialog.locator('#import-files li')).toHaveCount(2);
  await expect(dialog.getByRole('checkbox')).toBeVisible();
});
