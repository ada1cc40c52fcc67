/** The components of the documentation, built with their frameworks, and used. */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import vue from '@vitejs/plugin-vue';
import { expect, test } from '@playwright/test';
import { build as vite } from 'vite';
import { files } from '../../../www/serve.mjs';
import { ROOT, snippets } from './snippets.ts';
import { use } from './use-upscale.ts';

const WORK = join(ROOT, 'test-results/recipes');
/** What a project has around the component. */
const STARTS: Record<string, string> = {
  'Upscale.jsx':
    "import { createRoot } from 'react-dom/client'; import { createElement, StrictMode } from 'react'; import Upscale from './Upscale.jsx'; createRoot(root).render(createElement(StrictMode, null, createElement(Upscale)));",
  'Upscale.vue': "import { createApp } from 'vue'; import Upscale from './Upscale.vue'; createApp(Upscale).mount(root);",
  'Upscale.svelte': "import { mount } from 'svelte'; import Upscale from './Upscale.svelte'; mount(Upscale, { target: root });",
};
/** Files that the others import, the configuration of the build, and a page that needs none. */
const OTHERS = ['upscaler.js', 'vite.config.js', 'upscale.html'];
const NEXT = ['app/UpscaleHere.jsx', 'app/page.jsx'];
/** What a Next project has besides; without a configuration of its own it would take this project's `paths`. */
const NEXT_PROJECT: Record<string, string> = {
  'package.json': '{"private":true,"type":"module"}',
  'jsconfig.json': '{"compilerOptions":{}}',
  'next.config.mjs': "export default { output: 'export' };",
  'app/layout.jsx':
    'export default function Layout({ children }) { return <html lang="en"><head><link rel="icon" href="data:," /></head><body>{children}</body></html>; }',
};

test.describe.configure({ mode: 'default' });

const given = snippets('recipe');
const servers: Server[] = [];
let origin: string;

/** A folder with the recipes of these names, and the package installed. */
function project(name: string, recipes: string[], place: (recipe: string) => string): string {
  const folder = join(WORK, name);
  for (const part of ['package.json', 'dist'])
    cpSync(join(ROOT, 'npm', part), join(folder, 'node_modules/resshift-web', part), { recursive: true });
  for (const { name, text } of given.filter(({ name }) => recipes.includes(name))) {
    mkdirSync(dirname(join(folder, place(name))), { recursive: true });
    writeFileSync(join(folder, place(name)), text);
  }
  return folder;
}

async function serve(folder: string): Promise<string> {
  const answer = files(folder);
  const server = createServer((request, response) => {
    if (request.url === '/favicon.ico') response.writeHead(204).end();
    else void answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  servers.push(server);
  return `http://localhost:${(server.address() as AddressInfo).port}`;
}

test.beforeAll(async () => {
  rmSync(WORK, { recursive: true, force: true });
  const folder = project('vite', [...Object.keys(STARTS), ...OTHERS], (name) => name);
  const pages = Object.entries(STARTS).map(([name, start]) => {
    const framework = name.split('.')[1]!;
    writeFileSync(join(folder, `${framework}.js`), `const root = document.getElementById('root');\n${start}`);
    writeFileSync(
      join(folder, `${framework}.html`),
      `<!doctype html><html lang="en"><title>Recipe</title><link rel="icon" href="data:,"><body><div id="root"></div><script type="module" src="./${framework}.js"></script>`,
    );
    return join(folder, `${framework}.html`);
  });
  await vite({
    root: folder,
    base: './',
    configFile: join(folder, 'vite.config.js'),
    logLevel: 'error',
    plugins: [vue(), svelte({ configFile: false })],
    build: { rollupOptions: { input: pages } },
  });
  cpSync(join(folder, 'upscale.html'), join(folder, 'dist/upscale.html'));
  cpSync(join(ROOT, 'npm/dist'), join(folder, 'dist/resshift'), { recursive: true });
  origin = await serve(join(folder, 'dist'));
});

test.afterAll(async () => {
  for (const server of servers) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

test('every recipe is run', () => {
  expect(given.map(({ name }) => name).sort()).toEqual([...Object.keys(STARTS), ...OTHERS, ...NEXT].sort());
});

for (const name of ['upscale.html', 'jsx.html', 'vue.html', 'svelte.html']) {
  test(`${name}: shows progress, gives way to another picture, says what is wrong`, async ({ page }) => {
    await use(page, `${origin}/${name}`);
  });
}

test('Next: rendered on the server, runs in the browser', async ({ page }) => {
  test.setTimeout(300_000);
  const folder = project('next', ['upscaler.js', 'Upscale.jsx', ...NEXT], (name) => (name.startsWith('app/') ? name : `app/${name}`));
  for (const [name, text] of Object.entries(NEXT_PROJECT)) writeFileSync(join(folder, name), text);
  const next = join(ROOT, 'node_modules/next/dist/bin/next');
  execFileSync(process.execPath, [next, 'build'], { cwd: folder, stdio: 'pipe', env: { ...process.env, NEXT_TELEMETRY_DISABLED: '1' } });
  expect(readFileSync(join(folder, 'out/index.html'), 'utf8'), 'what the server rendered').toContain('aria-label="Picture"');
  await use(page, await serve(join(folder, 'out')));
});
