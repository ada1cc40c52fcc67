/** The page in Firefox and WebKit, where WebGPU is missing: everything on the CPU, with the bytes that Chromium gives. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test, type Page } from '@playwright/test';
import { DIST, FIXTURES, IMAGES } from './folders.ts';
import { TestServer } from './server.ts';
import { ENGINES, type Browser } from './webdriver.ts';

/** Ahead of the page's own script: keeps what a console would show in red. */
const LISTEN = `{
  const heard = (globalThis.heard = []);
  const { error } = console;
  console.error = (...given) => { heard.push(given.map(String).join(' ')); error.apply(console, given); };
  addEventListener('error', ({ message }) => heard.push(message));
  addEventListener('unhandledrejection', ({ reason }) => heard.push(String(reason)));
  document.addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI }) => heard.push(violatedDirective + ' ' + blockedURI));
}`;

const PICTURES = [
  [join(FIXTURES, 'cup-16x16.png'), '64 × 64'], [join(IMAGES, 'progressive.jpg'), '160 × 96'], [join(IMAGES, 'lossy.webp'), '160 × 96'],
] as const;

/** Waits for the page to say so. */
async function phase(browser: Browser, wanted: string): Promise<void> {
  const said = await browser.evaluate(async (wanted) => {
    const trouble = (): string => {
      const card = document.querySelector<HTMLElement>('#error-card');
      return card && !card.hidden ? card.innerText : '';
    };
    for (let waited = 0; waited < 100_000 && !trouble() && document.body.dataset['phase'] !== wanted; waited += 50) {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    return trouble() || document.body.dataset['phase'];
  }, wanted);
  expect(said).toBe(wanted);
}

/** @returns the SHA-256 of the result's pixels, as Chromium computes them */
async function inChromium(page: Page, file: string): Promise<string> {
  return page.evaluate(async (base64) => {
    const address = new URL('resshift/index.js', location.href).href;
    const { Upscaler } = (await import(address)) as typeof import('resshift-web');
    const upscaler = await Upscaler.create({ device: 'cpu' });
    const { blob, width, height } = await upscaler.upscale(Uint8Array.from(atob(base64), (c) => c.charCodeAt(0)), { steps: 1 });
    upscaler.dispose();
    const context = new OffscreenCanvas(width, height).getContext('2d')!;
    context.drawImage(await createImageBitmap(blob), 0, 0);
    const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', context.getImageData(0, 0, width, height).data));
    return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
  }, readFileSync(file).toString('base64'));
}

/** @returns the SHA-256 of the result's pixels */
async function upscale(browser: Browser, file?: string): Promise<string> {
  if (file) {
    await browser.choose('#file', file);
    await browser.evaluate(async (name) => {
      while (document.querySelector('#name')!.textContent !== name) await new Promise((resolve) => setTimeout(resolve, 20));
    }, file.split('/').pop()!);
  }
  await browser.evaluate(() => document.querySelector<HTMLInputElement>('input[name=steps][value="1"]')!.click());
  await browser.click('#upscale');
  await phase(browser, 'done');
  return browser.evaluate(async () => {
    const image = document.querySelector<HTMLImageElement>('#result')!;
    await image.decode();
    const context = new OffscreenCanvas(image.naturalWidth, image.naturalHeight).getContext('2d')!;
    context.drawImage(image, 0, 0);
    const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', context.getImageData(0, 0, image.naturalWidth, image.naturalHeight).data));
    return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
  });
}

/** Nothing was heard since the page was loaded. */
async function quiet(browser: Browser): Promise<void> {
  expect(await browser.evaluate(() => (globalThis as unknown as { heard?: string[] }).heard)).toEqual([]);
}

const outcome = (browser: Browser): Promise<string> => browser.evaluate(() => document.querySelector('#outcome')!.textContent ?? '');

// A whole visit in one test, since a browser's start takes longest.
test.setTimeout(400_000);

for (const engine of ENGINES) {
  test(engine.name, async ({ page }, info) => {
    const missing = engine.files.filter((path) => !existsSync(path));
    test.skip(missing.length > 0, `not installed: ${missing.join(', ')}`);
    const server = await TestServer.start(DIST, '/some/folder/');
    server.prepend(/main\.js$/, LISTEN);
    const browser = await engine.start();
    info.annotations.push({ type: 'version', description: browser.version });
    try {
      await test.step('opens, with its sample', async () => {
        await browser.goto(server.url);
        await phase(browser, 'ready');
        await upscale(browser);
        expect(await outcome(browser)).toContain('448 × 300 pixels');
      });
      await page.goto(server.url);
      for (const [path, size] of PICTURES) {
        await test.step(path.split('/').pop()!, async () => {
          const pixels = await upscale(browser, path);
          expect(await outcome(browser)).toContain(`${size} pixels`);
          expect(pixels, "Chromium's pixels").toBe(await inChromium(page, path));
        });
      }
      await test.step('finds the model on the device at the next visit', async () => {
        await quiet(browser);
        server.log.length = 0;
        await browser.goto(server.url);
        await phase(browser, 'ready');
        await upscale(browser, PICTURES[0][0]);
        expect(server.asked(/\.safetensors$/)).toEqual([]);
      });
      await test.step('works with the server gone', async () => {
        await browser.evaluate(async () => { await navigator.serviceWorker.ready; });
        await quiet(browser);
        await server.stop();
        await browser.goto(server.url);
        await phase(browser, 'ready');
        await upscale(browser, PICTURES[0][0]);
      });
      await quiet(browser);
    } finally {
      await browser.close();
      await server.stop().catch(() => undefined);
    }
  });
}
