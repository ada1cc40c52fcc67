/** What every recipe and example can do. */
import { join } from 'node:path';
import { expect, type Page } from '@playwright/test';
import { FIXTURES } from '../support/folders.ts';

/** Chooses a picture, then another while the first runs, then a file that is none. */
export async function use(page: Page, url: string): Promise<void> {
  const wrong: string[] = [];
  page.on('console', (message) => message.type() === 'error' && wrong.push(message.text()));
  page.on('pageerror', (error) => wrong.push(String(error)));
  await page.goto(url);
  const input = page.getByLabel('Picture');
  const image = page.locator('img');
  const width = (): Promise<number> =>
    image.evaluate((element) => (element as HTMLImageElement).naturalWidth, undefined, { timeout: 5_000 }).catch(() => 0);
  await input.setInputFiles(join(FIXTURES, 'cup-40x32.png'));
  await expect
    .poll(() => page.getByRole('progressbar').evaluate((bar) => (bar as HTMLProgressElement).value), { timeout: 60_000 })
    .toBeGreaterThan(0);
  await input.setInputFiles(join(FIXTURES, 'cup-16x16.png'));
  await expect.poll(width, { timeout: 60_000 }).toBe(64);
  await expect(page.locator('p[role=alert]')).toBeEmpty();
  await input.setInputFiles({ name: 'text.png', mimeType: 'image/png', buffer: Buffer.from('no picture') });
  await expect(page.locator('p[role=alert]')).toContainText('Choose a PNG');
  expect(wrong).toEqual([]);
}
