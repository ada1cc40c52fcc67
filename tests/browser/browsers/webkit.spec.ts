/** WebKit, which has no WebGPU here: what people do in the page and with the package, with the pixels that Chromium gives. */
import { readFileSync } from 'node:fs';
import { expect, test } from '@playwright/test';
import { es } from '../../../www/src/i18n/languages/es.ts';
import { DIST, FAKE_DIST, FIXTURES } from '../support/folders.ts';
import { outcome, plainPage } from './plain-page.ts';
import { computed, PICTURES, shown } from './same-pixels.ts';
import { TestServer } from '../support/server.ts';
import { missing, startWebKit, type Browser } from './webdriver.ts';

/** Ahead of the page's own script: keeps what a console would show in red, and files by the address that the page gives them. */
const LISTEN = `{
  const heard = (globalThis.heard = []);
  const { error } = console;
  console.error = (...given) => { heard.push(given.map(String).join(' ')); error.apply(console, given); };
  addEventListener('error', ({ message }) => heard.push(message));
  addEventListener('unhandledrejection', ({ reason }) => heard.push(String(reason)));
  const { createObjectURL } = URL;
  const made = (globalThis.made = new Map());
  URL.createObjectURL = (blob) => {
    const url = createObjectURL(blob);
    made.set(url, blob);
    return url;
  };
  document.addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI }) => heard.push(violatedDirective + ' ' + blockedURI));
}`;
const CUP = `${FIXTURES}/cup-16x16.png`;
const LARGER_CUP = `${FIXTURES}/cup-40x32.png`;

// One browser for all, since its start takes longest.
test.describe.configure({ mode: 'default', timeout: 200_000 });
test.skip(missing.length > 0, `not installed: ${missing.join(', ')}`);

let browser: Browser;
let server: TestServer;

test.beforeAll(async () => {
  browser = await startWebKit();
});
test.afterAll(async () => {
  await browser?.close();
});
test.afterEach(async () => {
  // Nothing was heard since the page was loaded.
  expect(await browser.evaluate(() => (globalThis as unknown as { heard?: string[] }).heard)).toEqual([]);
  await server.stop().catch(() => undefined);
});

/** @param wishes of the stand-in engine, where `folder` has that */
async function open(folder: string, wishes: object = {}): Promise<void> {
  server = await TestServer.start(folder, '/some/folder/');
  server.prepend(/main\.js$/, `${LISTEN}\nObject.assign(globalThis.fake ??= {}, ${JSON.stringify(wishes)});`);
  await browser.goto(server.url);
  await phase('ready');
}

/** Waits for the page to say so. */
async function phase(wanted: string): Promise<void> {
  const said = await browser.evaluate(async (wanted) => {
    const shownError = (): string => {
      const card = document.querySelector<HTMLElement>('#error-card');
      return card && !card.hidden ? card.innerText : '';
    };
    for (let waited = 0; waited < 100_000 && !shownError() && document.body.dataset['phase'] !== wanted; waited += 50) {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    return shownError() || document.body.dataset['phase'];
  }, wanted);
  expect(said).toBe(wanted);
}

const text = (selector: string): Promise<string> =>
  browser.evaluate((selector) => document.querySelector(selector)?.textContent ?? '', selector);
const becomes = (selector: string, wanted: string | RegExp): Promise<void> =>
  expect.poll(() => text(selector), { message: selector, timeout: 20_000 }).toMatch(wanted);
const rows = (state: string, count: number): Promise<void> =>
  expect
    .poll(() => browser.evaluate((state) => document.querySelectorAll(`#queue-list li[data-state=${state}]`).length, state), {
      message: state,
      timeout: 20_000,
    })
    .toBe(count);

/** Chooses in a list or among buttons, as a hand would. */
async function set(selector: string, value: string): Promise<void> {
  await browser.evaluate(
    (selector, value) => {
      const control = document.querySelector<HTMLSelectElement | HTMLInputElement>(selector)!;
      control.value = value;
      if (control instanceof HTMLInputElement) control.checked = true;
      control.dispatchEvent(new Event('input', { bubbles: true }));
      control.dispatchEvent(new Event('change', { bubbles: true }));
    },
    selector,
    value,
  );
}

async function choose(path: string): Promise<void> {
  await browser.choose('#file', path);
  await becomes('#name', path.split('/').pop()!);
}

/** In one step, to the end. */
async function upscale(path?: string): Promise<void> {
  if (path) await choose(path);
  await set('input[name=steps][value="1"]', '1');
  await browser.click('#upscale');
  await phase('done');
}

test('a visit gives the pixels of Chromium, whatever the format; the next finds the model here, and needs no network', async ({
  page,
}, info) => {
  info.annotations.push({ type: 'version', description: browser.version });
  await open(DIST);
  await upscale();
  expect(await text('#outcome')).toContain('448 × 300 pixels');
  await page.goto(server.url);
  for (const [path, size] of PICTURES) {
    await upscale(path);
    expect(await text('#outcome')).toContain(`${size} pixels`);
    expect(await browser.evaluate(shown), path).toBe(await computed(page, path));
  }
  server.log.length = 0;
  await browser.goto(server.url);
  await phase('ready');
  await upscale(CUP);
  expect(server.asked(/\.safetensors$/)).toEqual([]);
  await browser.evaluate(async () => {
    await navigator.serviceWorker.ready;
  });
  await server.stop();
  await browser.goto(server.url);
  await phase('ready');
  await upscale(CUP);
});

test('files are PNG of 8 and 16 bits, JPEG and WebP, as they were asked for', async () => {
  await open(DIST);
  const beginnings = { png: '89504e47', png16: '89504e47', jpeg: 'ffd8ff', webp: '52494646' };
  await choose(CUP);
  for (const [format, beginning] of Object.entries(beginnings)) {
    await set('#format', format);
    await upscale();
    const [name, bytes] = await browser.evaluate(async () => {
      const { download, href } = document.querySelector<HTMLAnchorElement>('#save')!;
      const file = (globalThis as unknown as { made: Map<string, Blob> }).made.get(href)!;
      return [download, Array.from(new Uint8Array(await file.arrayBuffer()).subarray(0, 32))] as const;
    });
    expect(name).toBe(`cup-16x16_x4.${{ png16: 'png', jpeg: 'jpg' }[format] ?? format}`);
    expect(Buffer.from(bytes).toString('hex')).toMatch(new RegExp(`^${beginning}`));
    if (format.startsWith('png')) expect(bytes[24], 'bits').toBe(format === 'png' ? 8 : 16);
  }
});

test('pictures are dropped and pasted', async () => {
  await open(FAKE_DIST);
  const base64 = readFileSync(CUP).toString('base64');
  for (const kind of ['drop', 'paste']) {
    await browser.evaluate(
      (kind, base64) => {
        const transfer = new DataTransfer();
        transfer.items.add(new File([Uint8Array.from(atob(base64), (c) => c.charCodeAt(0))], `${kind}.png`, { type: 'image/png' }));
        const event = new Event(kind, { bubbles: true, cancelable: true });
        document.body.dispatchEvent(Object.assign(event, kind === 'drop' ? { dataTransfer: transfer } : { clipboardData: transfer }));
      },
      kind,
      base64,
    );
    await becomes('#name', `${kind}.png`);
  }
});

test('a run is cancelled, and the next one ends', async () => {
  await open(FAKE_DIST, { pace: 50 });
  await choose(CUP);
  await browser.click('#upscale');
  await becomes('#run-text', /^Step/);
  await browser.click('#cancel');
  await phase('ready');
  await upscale();
  expect(await text('#outcome')).toContain('64 × 64 pixels');
});

test('a batch runs to its end; it is not kept, since a driven browser is a private window, and the page says so', async () => {
  await open(FAKE_DIST);
  await browser.choose('#file', CUP, LARGER_CUP);
  await rows('waiting', 2);
  await becomes('.strip', /^This browser cannot keep the batch/);
  await browser.click('#upscale');
  await rows('done', 2);
});

test('another language is spoken, and remembered', async () => {
  await open(FAKE_DIST);
  await set('#language', 'es');
  await becomes('h1', es.headline);
  await browser.goto(server.url);
  await becomes('h1', es.headline);
  await set('#language', 'en');
});

test('the package works in a plain script', async () => {
  server = await TestServer.start(plainPage('plain-webkit'));
  server.prepend(/plain\.js$/, LISTEN);
  await browser.goto(server.url);
  const { width, height, pixels } = await browser.evaluate(outcome);
  expect([width, height]).toEqual([32, 32]);
  expect(new Set(pixels).size, 'a picture, not a plain area').toBeGreaterThan(30);
});
