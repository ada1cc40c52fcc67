/** Several pictures: the list, its buttons and its files, over the stand-in engine. */
import { readFile } from 'node:fs/promises';
import { AxeBuilder } from '@axe-core/playwright';
import type { Page } from '@playwright/test';
import { uniqueNames } from '../../../www/src/output/destinations.ts';
import { Queue } from '../../../www/src/batch/queue.ts';
import { expect, fixture, open, test } from '../support/fixtures.ts';

test.use({ engine: 'fake', serviceWorkers: 'block' });

const PICTURES = [fixture('cup-16x16.png'), fixture('cup-40x32.png')];
const BROKEN = { name: 'notes.png', mimeType: 'image/png', buffer: Buffer.from('no picture') };

async function give(page: Page, pace: number): Promise<void> {
  await page.evaluate(
    (pace) => Object.assign(globalThis, { fake: Object.assign((globalThis as { fake?: object }).fake ?? {}, { pace }) }),
    pace,
  );
  await page.locator('input[name=steps][value="4"]').check();
}

const rows = (page: Page, state: string) => page.locator(`#queue-list li[data-state=${state}]`);

test('late news of a removed picture changes nothing, and a paused queue starts nothing', () => {
  const queue = new Queue<string>(() => {});
  const [a, b] = queue.add([
    { file: new Blob(), name: 'a' },
    { file: new Blob(), name: 'b' },
  ]);
  queue.begin(a!.id);
  expect(queue.next()).toBeUndefined();
  queue.remove(a!.id);
  queue.finish(a!.id, 'late');
  expect(queue.items.map(({ name, state }) => [name, state])).toEqual([['b', 'waiting']]);
  queue.finish(b!.id, 'never begun');
  expect(queue.find(b!.id)?.state).toBe('waiting');
  queue.pause(true);
  expect(queue.next()).toBeUndefined();
  queue.pause(false);
  expect(queue.next()?.name).toBe('b');
});

test('names in a zip are unique, whatever their case', () => {
  expect(uniqueNames(['a.png', 'A.png', 'a (2).png', 'a.png'])).toEqual(['a.png', 'A (2).png', 'a (2) (2).png', 'a (3).png']);
});

test('a batch runs to its end, a broken picture is named, results are shown and saved together', async ({ page, server }) => {
  await open(page, server);
  await expect(page.locator('#queue')).toBeHidden();
  await page.locator('#file').setInputFiles(PICTURES);
  await expect(rows(page, 'waiting')).toHaveCount(2);
  await page.locator('#file').setInputFiles([BROKEN]);
  await expect(rows(page, 'waiting')).toHaveCount(3);
  await give(page, 1);
  await page.getByRole('button', { name: 'cup-40x32.png', exact: true }).click();
  await expect(page.locator('#name')).toHaveText('cup-40x32.png');
  await page.getByRole('button', { name: 'Upscale 3 pictures' }).click();
  await expect(rows(page, 'done')).toHaveCount(2);
  await expect(rows(page, 'failed')).toContainText('Failed: notes.png is not a picture');
  await expect(page.locator('#queue-count')).toHaveText('2 of 3 pictures done, 1 failed');

  await page.getByRole('button', { name: 'cup-16x16.png', exact: true }).click();
  await expect(page.locator('#result')).toHaveJSProperty('naturalWidth', 64);
  await expect(page.locator('#save')).toHaveAttribute('download', 'cup-16x16_x4.png');
  const { violations } = await new AxeBuilder({ page }).analyze();
  expect(violations.map(({ id }) => id)).toEqual([]);

  const coming = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Save all' }).click();
  const zip = await readFile(await (await coming).path());
  for (const name of ['cup-16x16_x4.png', 'cup-40x32_x4.png']) expect(zip.includes(name)).toBe(true);
  expect(zip.subarray(0, 2).toString()).toBe('PK');

  await page.getByRole('button', { name: 'Retry notes.png' }).click();
  await expect(rows(page, 'failed')).toHaveCount(1);
  await page.getByRole('button', { name: 'Remove notes.png' }).click();
  await page.getByRole('button', { name: 'Remove cup-16x16.png' }).click();
  await expect(page.locator('#queue')).toBeHidden();
  await expect(page.locator('#name')).toHaveText('cup-40x32.png');
});

test('pause, cancel, and removal of the current picture', async ({ page, server }) => {
  await open(page, server);
  await page.locator('#file').setInputFiles([...PICTURES, fixture('cup-16x16.png')]);
  // Slow enough for the next press to come in time on a busy machine.
  await give(page, 400);
  await page.locator('#upscale').click();
  await expect(rows(page, 'working')).toHaveCount(1);
  await page.getByRole('button', { name: 'Cancel' }).click();
  await expect(rows(page, 'waiting')).toHaveCount(3);
  await expect(page.locator('body')).toHaveAttribute('data-phase', 'ready');

  await page.locator('#upscale').click();
  await expect(rows(page, 'working')).toHaveCount(1);
  await page.getByRole('button', { name: 'Pause' }).click();
  await expect(rows(page, 'done')).toHaveCount(1);
  await expect(page.locator('body')).toHaveAttribute('data-phase', 'done');
  await expect(rows(page, 'waiting')).toHaveCount(2);

  await page.locator('#upscale').click();
  await expect(rows(page, 'working')).toContainText('cup-40x32.png');
  await page.getByRole('button', { name: 'Remove cup-40x32.png' }).click();
  await expect(rows(page, 'done')).toHaveCount(2);
  await expect(page.locator('#queue-list li')).toHaveCount(2);
});
