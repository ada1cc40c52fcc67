/** The components of the documentation, built with their frameworks, and used. */
import { cpSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import vue from '@vitejs/plugin-vue';
import { expect, test, type Page } from '@playwright/test';
import { build as vite } from 'vite';
import { files } from '../../www/serve.mjs';
import { FIXTURES } from './folders.ts';
import { ROOT, snippets } from './snippets.ts';

const WORK = join(ROOT, 'test-results/recipes');
/** What a project has around the component. */
const STARTS: Record<string, string> = {
  'Upscale.jsx': "import { createRoot } from 'react-dom/client'; import { createElement, StrictMode } from 'react'; import Upscale from './Upscale.jsx'; createRoot(root).render(createElement(StrictMode, null, createElement(Upscale)));",
  'Upscale.vue': "import { createApp } from 'vue'; import Upscale from './Upscale.vue'; createApp(Upscale).mount(root);",
  'Upscale.svelte': "import { mount } from 'svelte'; import Upscale from './Upscale.svelte'; mount(Upscale, { target: root });",
};
/** Files that the others import, the configuration of the build, and a page that needs none. */
const OTHERS = ['upscaler.js', 'vite.config.js', 'upscale.html'];

test.describe.configure({ mode: 'default' });

let server: Server;
let origin: string;

test.beforeAll(async () => {
  rmSync(WORK, { recursive: true, force: true });
  mkdirSync(join(WORK, 'node_modules'), { recursive: true });
  symlinkSync(join(ROOT, 'npm'), join(WORK, 'node_modules/resshift-web'));
  const given = snippets('recipe');
  expect(given.map(({ name }) => name).sort(), 'recipes that something here runs').toEqual([...Object.keys(STARTS), ...OTHERS].sort());
  for (const { name, text } of given) writeFileSync(join(WORK, name), text);

  const pages = Object.entries(STARTS).map(([name, start]) => {
    const framework = name.split('.')[1]!;
    writeFileSync(join(WORK, `${framework}.js`), `const root = document.getElementById('root');\n${start}`);
    writeFileSync(join(WORK, `${framework}.html`), `<!doctype html><html lang="en"><title>Recipe</title><link rel="icon" href="data:,"><body><div id="root"></div><script type="module" src="./${framework}.js"></script>`);
    return join(WORK, `${framework}.html`);
  });
  await vite({
    root: WORK, base: './', configFile: join(WORK, 'vite.config.js'), logLevel: 'error', plugins: [vue(), svelte({ configFile: false })],
    build: { rollupOptions: { input: pages } },
  });
  cpSync(join(WORK, 'upscale.html'), join(WORK, 'dist/upscale.html'));
  cpSync(join(ROOT, 'npm/dist'), join(WORK, 'dist/resshift'), { recursive: true });
  const answer = files(join(WORK, 'dist'));
  server = createServer((request, response) => {
    if (request.url === '/favicon.ico') response.writeHead(204).end();
    else void answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  origin = `http://localhost:${(server.address() as AddressInfo).port}`;
});

test.afterAll(async () => {
  server?.closeAllConnections();
  await new Promise((resolve) => server?.close(resolve));
});

/** Chooses a picture, then another while the first runs, then a file that is none. */
async function use(page: Page, url: string): Promise<void> {
  const wrong: string[] = [];
  page.on('console', (message) => message.type() === 'error' && wrong.push(message.text()));
  page.on('pageerror', (error) => wrong.push(String(error)));
  await page.goto(url);
  const input = page.getByLabel('Picture');
  const image = page.locator('img');
  const width = (): Promise<number> => image.evaluate((element) => (element as HTMLImageElement).naturalWidth, undefined, { timeout: 5_000 }).catch(() => 0);
  await input.setInputFiles(join(FIXTURES, 'cup-40x32.png'));
  await expect.poll(() => page.getByRole('progressbar').evaluate((bar) => (bar as HTMLProgressElement).value), { timeout: 60_000 }).toBeGreaterThan(0);
  await input.setInputFiles(join(FIXTURES, 'cup-16x16.png'));
  await expect.poll(width, { timeout: 60_000 }).toBe(64);
  await expect(page.getByRole('alert')).toBeEmpty();
  await input.setInputFiles({ name: 'text.png', mimeType: 'image/png', buffer: Buffer.from('no picture') });
  await expect(page.getByRole('alert')).toContainText('Choose a PNG');
  expect(wrong).toEqual([]);
}

for (const name of ['upscale.html', 'jsx.html', 'vue.html', 'svelte.html']) {
  test(`${name}: shows progress, gives way to another picture, says what is wrong`, async ({ page }) => {
    await use(page, `${origin}/${name}`);
  });
}
