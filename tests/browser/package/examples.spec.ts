/** The projects in `examples/`, built as their README says, and used. */
import { cpSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect, test } from '@playwright/test';
import { build } from 'vite';
import { files } from '../../../www/serve.mjs';
import { ROOT, snippets } from './snippets.ts';
import { use } from './use-upscale.ts';

test.describe.configure({ mode: 'default' });

const WORK = join(ROOT, 'test-results/examples');
let server: Server;
let origin: string;

test.beforeAll(async () => {
  rmSync(WORK, { recursive: true, force: true });
  cpSync(join(ROOT, 'examples'), WORK, { recursive: true });
  cpSync(join(ROOT, 'npm/dist'), join(WORK, 'plain/resshift'), { recursive: true });
  for (const part of ['package.json', 'dist'])
    cpSync(join(ROOT, 'npm', part), join(WORK, 'node_modules/resshift-web', part), { recursive: true });
  for (const name of ['vite', 'react']) {
    await build({ root: join(WORK, name), base: './', configFile: join(WORK, name, 'vite.config.js'), logLevel: 'error' });
  }
  const answer = files(WORK);
  server = createServer((request, response) => {
    if (request.url === '/favicon.ico') response.writeHead(204).end();
    else void answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  origin = `http://localhost:${(server.address() as AddressInfo).port}`;
});

test.afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

for (const place of ['plain/', 'vite/dist/', 'react/dist/']) {
  test(`examples/${place.split('/')[0]}`, async ({ page }) => {
    await use(page, `${origin}/${place}index.html`);
  });
}

test('they are the recipes', () => {
  const recipe = (name: string): string =>
    snippets('recipe')
      .find((snippet) => snippet.name === name)!
      .text.trim();
  for (const [file, name] of [
    ['plain/index.html', 'upscale.html'],
    ['react/Upscale.jsx', 'Upscale.jsx'],
    ['react/upscaler.js', 'upscaler.js'],
    ['vite/vite.config.js', 'vite.config.js'],
  ] as const) {
    expect(readFileSync(join(ROOT, 'examples', file), 'utf8').trim(), file).toBe(recipe(name));
  }
});
