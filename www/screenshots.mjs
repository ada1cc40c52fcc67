// Takes the manifest's screenshots of the built page: node www/screenshots.mjs. Run after a change of its looks.
import { mkdir, readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from '@playwright/test';
import { launchOptions } from '../tests/browser/chromium.mjs';

const from = (/** @type {string} */ path) => fileURLToPath(new URL(path, import.meta.url));
/** @type {Record<string, string>} */
const TYPES = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml', '.wasm': 'application/wasm', '.json': 'application/json' };

const server = createServer((request, response) => {
  const path = new URL(request.url ?? '/', 'http://localhost').pathname;
  readFile(join(from('../dist'), path.endsWith('/') ? `${path}index.html` : path)).then(
    (bytes) => response.setHeader('content-type', TYPES[extname(path)] ?? (path.endsWith('/') ? 'text/html' : 'application/octet-stream')).end(bytes),
    () => response.writeHead(404).end(),
  );
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(null)));
const address = server.address();
if (address === null || typeof address === 'string') throw new Error('the server has no port');

await mkdir(from('screenshots'), { recursive: true });
const browser = await chromium.launch(launchOptions());
for (const { name, width, height } of [{ name: 'wide', width: 1280, height: 800 }, { name: 'narrow', width: 390, height: 844 }]) {
  const page = await browser.newPage({ viewport: { width, height } });
  await page.goto(`http://127.0.0.1:${address.port}/`);
  await page.locator('body[data-phase=ready]').waitFor();
  await page.locator('input[name=steps][value="1"]').check();
  await page.locator('#upscale').click();
  await page.locator('body[data-phase=done]').waitFor({ timeout: 300_000 });
  await page.evaluate(() => scrollTo(0, 0));
  await page.screenshot({ path: from(`screenshots/${name}.jpg`), type: 'jpeg', quality: 72 });
  await page.close();
}
await browser.close();
server.close();
