/** The switch "Available offline": what it brings, says, keeps and deletes; over the stand-in engine. */
import type { Page } from '@playwright/test';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import limits from '../../../limits.json' with { type: 'json' };
import { expect, open, test } from '../support/fixtures.ts';
import { MODELS } from '../support/folders.ts';

test.describe('the page', () => {
  test.use({ engine: 'fake' });

  test('offers the models of its site, the default one first', async ({ page, server }) => {
    const folders = (await readdir(MODELS, { withFileTypes: true }))
      .filter((entry) => entry.isDirectory() && entry.name !== 'training')
      .map(({ name }) => name);
    await open(page, server);
    const offered = await page
      .locator('#model option')
      .evaluateAll((options) => (options as HTMLOptionElement[]).map(({ value }) => value));
    expect(offered[0]).toBe(limits.defaultModel);
    expect([...offered].sort()).toEqual(folders.sort());
    for (const name of offered) {
      const { bytes } = JSON.parse(await readFile(join(MODELS, name, 'model.json'), 'utf8')) as { bytes: number };
      await page.locator('#model').selectOption(name);
      await expect(page.locator('#model-about')).toContainText(`${(bytes / 1e6).toFixed(1)} MB`);
    }
  });

  const toggle = (page: Page) => page.getByRole('switch', { name: 'Available offline' });

  test('brings the model and asks to be kept; switched off, the model goes', async ({ page, server }) => {
    await page.addInitScript(() => {
      Object.assign(globalThis, { fake: { pace: 30 }, persisted: 0 });
      // The empty page before it has no storage.
      if (isSecureContext) navigator.storage.persist = async () => (++(globalThis as unknown as { persisted: number }).persisted, true);
    });
    await open(page, server);
    await page.evaluate(async () => {
      await navigator.serviceWorker.ready;
    });
    await page.getByText('Models on this device').click();
    await expect(toggle(page)).not.toBeChecked();
    await expect(page.locator('#offline-about')).toHaveText('Downloads the model (8.2 MB) so that everything works offline.');
    expect(await page.evaluate(() => (globalThis as unknown as { persisted: number }).persisted)).toBe(0);
    await toggle(page).click();
    await expect(page.locator('#offline-about')).toHaveText(/^Weights: .* of 8\.2 MB$/);
    await expect(page.locator('.model-name')).toHaveText(['compact']);
    await expect(toggle(page)).toBeChecked();
    await expect(page.locator('#offline-about')).toHaveText(
      /^Works offline: the page \(\d+ kB\) and this model \(8\.2 MB\) are on this device\./,
    );
    expect(await page.evaluate(() => (globalThis as unknown as { persisted: number }).persisted)).toBe(1);

    await toggle(page).press(' ');
    await expect(page.locator('.model-name')).toHaveCount(0);
    await expect(toggle(page)).not.toBeChecked();
  });

  test('a download that fails or is switched off leaves it off', async ({ page, server }) => {
    await page.addInitScript(() => Object.assign(globalThis, { fake: { pace: 100, createError: 'offline' } }));
    await open(page, server);
    await page.getByText('Models on this device').click();
    await toggle(page).click();
    await expect(page.locator('.strip')).toContainText('could not be reached');
    await expect(toggle(page)).not.toBeChecked();
    await toggle(page).click();
    await expect(page.locator('.strip')).toHaveCount(0);
    await expect(page.locator('#offline-about')).toContainText('Engine');
    await toggle(page).click();
    await expect(page.locator('#offline-about')).toContainText('Downloads the model');
    await expect(page.locator('.strip')).toHaveCount(0);
    await expect(page.locator('.model-name')).toHaveCount(0);
  });

  test('a model that was made here is offline by nature, and not deleted by a switch', async ({ page, server }) => {
    const imported = { name: 'own', version: '1', bytes: 4e6, steps: 4, licence: { name: 'MIT', commercial: true }, imported: true };
    await page.addInitScript((models) => Object.assign(globalThis, { fake: { models } }), [imported]);
    await open(page, server);
    await page.evaluate(async () => {
      await navigator.serviceWorker.ready;
    });
    await page.locator('#model').selectOption('own');
    await page.getByText('Models on this device').click();
    await expect(toggle(page)).toBeChecked();
    await expect(toggle(page)).toBeDisabled();
    await page.locator('#model').selectOption('compact');
    await expect(toggle(page)).not.toBeChecked();
    await expect(page.locator('#model-about')).toHaveText('8.2 MB · Finer detail, for most devices.');
  });
});

test.describe('where no service worker can be', () => {
  test.use({ engine: 'fake', serviceWorkers: 'block' });

  test('nothing is promised', async ({ page, server }) => {
    await open(page, server);
    await page.getByText('Models on this device').click();
    await expect(page.locator('#models-note')).toBeVisible();
    await expect(page.locator('#offline-setting')).toBeHidden();
  });
});
