/**
 * Every test runs against its own server, and ends by checking the promise of the page: nothing went to another
 * site, nothing but GET requests without a body went anywhere, and the console stayed free of errors.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test as base, type Locator, type Page } from '@playwright/test';
import { DIST, FAKE_DIST, FIXTURES } from './folders.ts';
import { TestServer } from './server.ts';

interface Options {
  /** `real`: the page as it ships. `fake`: the page over the stand-in engine. */
  engine: 'real' | 'fake';
  prefix: string;
}

interface Fixtures {
  server: TestServer;
  /** Errors on the console that the test itself provokes. */
  tolerate: (pattern: RegExp) => void;
  guard: void;
}

export const test = base.extend<Options & Fixtures>({
  engine: ['real', { option: true }],
  prefix: ['/', { option: true }],

  server: async ({ engine, prefix }, use) => {
    const server = await TestServer.start(engine === 'real' ? DIST : FAKE_DIST, prefix);
    await use(server);
    await server.stop();
  },

  tolerate: async ({}, use, testInfo) => {
    const patterns: RegExp[] = [];
    tolerated.set(testInfo.testId, patterns);
    await use((pattern) => patterns.push(pattern));
  },

  guard: [
    async ({ context, server, tolerate: _ }, use, testInfo) => {
      const strangers: string[] = [];
      const uploads: string[] = [];
      const errors: string[] = [];
      context.on('request', (request) => {
        const url = request.url();
        if (!url.startsWith(`${server.origin}/`) && !/^(blob|data|about):/.test(url)) strangers.push(url);
        // What another app shares goes to the service worker; the server's own log shows that it goes no further.
        if (url === `${server.url}share`) return;
        if (request.method() !== 'GET' || request.postData() !== null) uploads.push(`${request.method()} ${url}`);
      });
      context.on('page', (page) => page.on('websocket', (socket) => strangers.push(socket.url())));
      context.on('console', (message) => {
        if (message.type() === 'error') errors.push(message.text());
      });
      context.on('weberror', (error) => errors.push(String(error.error())));

      await use();

      const patterns = tolerated.get(testInfo.testId) ?? [];
      expect(strangers, 'requests to other sites').toEqual([]);
      expect(uploads, 'requests that carry something away').toEqual([]);
      expect(
        server.log.filter(({ method, bytes }) => method !== 'GET' || bytes > 0),
        'what the server was sent',
      ).toEqual([]);
      expect(
        errors.filter((text) => !patterns.some((pattern) => pattern.test(text))),
        'errors on the console',
      ).toEqual([]);
    },
    { auto: true },
  ],
});

const tolerated = new Map<string, RegExp[]>();

export { expect };

export function fixture(name: string): string {
  return join(FIXTURES, name);
}

/** Opens the page and waits for its sample photo. */
export async function open(page: Page, server: TestServer): Promise<void> {
  await page.goto(server.url);
  await expect(page.locator('body')).toHaveAttribute('data-phase', 'ready');
}

export interface Run {
  file?: string | { name: string; mimeType: string; buffer: Buffer };
  steps?: 1 | 4 | 15;
  seed?: number;
  device?: 'auto' | 'webgpu' | 'cpu';
}

/** Chooses a picture and settings and presses the button. */
export async function begin(page: Page, { file, steps, seed, device }: Run = {}): Promise<void> {
  if (file) await choose(page, file);
  if (steps) await page.locator(`input[name=steps][value="${steps}"]`).check();
  if (seed !== undefined) await type(page.locator('#seed'), String(seed));
  if (device) await page.locator('#device').selectOption(device);
  await page.locator('#upscale').click();
}

/** Key by key: in Firefox Playwright's `fill` puts its text behind a number that is there. */
export async function type(field: Locator, text: string): Promise<void> {
  await field.clear();
  await field.pressSequentially(text);
}

export async function choose(page: Page, file: NonNullable<Run['file']>): Promise<void> {
  await page.locator('#file').setInputFiles(file);
  const name = typeof file === 'string' ? file.split('/').pop()! : file.name;
  await expect(page.locator('#name')).toHaveText(name);
}

/** Runs to the end. */
export async function upscale(page: Page, run: Run = {}): Promise<void> {
  await begin(page, run);
  await finished(page);
}

export async function finished(page: Page): Promise<void> {
  const outcome = page.locator('body[data-phase=done], #error-card:not([hidden])');
  await outcome.first().waitFor({ timeout: 100_000 });
  await expect(page.locator('#error-card')).toBeHidden();
}

/** The file behind the Save button. */
export async function save(page: Page): Promise<{ name: string; bytes: Buffer }> {
  const coming = page.waitForEvent('download');
  await page.getByRole('link', { name: 'Save PNG' }).click();
  const download = await coming;
  return { name: download.suggestedFilename(), bytes: await readFile(await download.path()) };
}

export async function errorCode(page: Page): Promise<string> {
  await page.locator('#error-card').waitFor({ timeout: 60_000 });
  await expect(page.locator('#error-message')).not.toBeEmpty();
  await expect(page.locator('#error-advice')).not.toBeEmpty();
  return page.locator('#error-code').innerText();
}
