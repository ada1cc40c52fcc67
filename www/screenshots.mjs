// Takes the manifest's screenshots of the built page, in www/screenshots/: node www/screenshots.mjs. A test compares them with the
// current page, so that they stay up to date.
import { mkdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from '@playwright/test';
import { launchOptions } from '../tests/browser/browsers/chromium.mjs';
import { useFont } from '../tests/browser/support/fonts.mjs';
import { files } from './serve.mjs';

const from = (/** @type {string} */ path) => fileURLToPath(new URL(path, import.meta.url));

export const FOLDER = from('screenshots');
export const SHOTS = [
  { name: 'wide', width: 1280, height: 800 },
  { name: 'narrow', width: 390, height: 844 },
];

/**
 * The sample photo beside its enlargement, as a JPEG file.
 * @param {import('@playwright/test').Page} page at the size of the screenshot
 * @param {string} url of the built page
 * @returns {Promise<Buffer>}
 */
export async function photograph(page, url) {
  await page.goto(url);
  await page.locator('body[data-phase=ready]').waitFor();
  await useFont(page, 'narrow');
  await page.locator('input[name=steps][value="4"]').check();
  await page.locator('#upscale').click();
  await page.locator('body[data-phase=done]').waitFor({ timeout: 300_000 });
  await page.evaluate(() => scrollTo(0, 0));
  return page.screenshot({ type: 'jpeg', quality: 72, animations: 'disabled' });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const server = createServer(files(from('../dist')));
  await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(null)));
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  await mkdir(FOLDER, { recursive: true });
  const browser = await chromium.launch(launchOptions());
  for (const { name, width, height } of SHOTS) {
    const page = await browser.newPage({ viewport: { width, height }, locale: 'en-GB' });
    await writeFile(join(FOLDER, `${name}.jpg`), await photograph(page, `http://127.0.0.1:${port}/`));
    await page.close();
  }
  await browser.close();
  server.close();
}
