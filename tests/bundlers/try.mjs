// Builds a small app with each bundler, runs it in Chromium, and fails where the table in www/docs/hosting.md would be wrong.
// Build the package first (`./build.sh package`); then `npm install` and `node try.mjs` here.

import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';
import { nodeResolve } from '@rollup/plugin-node-resolve';
import { importMetaAssets } from '@web/rollup-plugin-import-meta-assets';
import { rollup, VERSION } from 'rollup';
import { chromium } from '../../node_modules/@playwright/test/index.mjs';
import { files } from '../../www/serve.mjs';
import { launchOptions } from '../browser/chromium.mjs';

const from = (path) => fileURLToPath(new URL(path, import.meta.url));
const APP = `import { Upscaler } from 'resshift-web';
globalThis.outcome = (async () => {
  const upscaler = await Upscaler.create({ device: 'cpu', engines: 1 });
  const { width } = await upscaler.upscale(new ImageData(8, 8), { steps: 1 });
  return width;
})().catch(({ code }) => code);`;
const html = (script) => `<!doctype html><title>App</title><link rel="icon" href="data:,"><body><script type="module" src="${script}"></script>`;

function project(name) {
  const root = from(`../../test-results/bundlers/${name}`);
  rmSync(root, { recursive: true, force: true });
  mkdirSync(root, { recursive: true });
  for (const part of ['package.json', 'dist']) cpSync(from(`../../npm/${part}`), `${root}/node_modules/resshift-web/${part}`, { recursive: true });
  writeFileSync(`${root}/package.json`, '{"private":true,"type":"module"}');
  writeFileSync(`${root}/main.js`, APP);
  writeFileSync(`${root}/index.html`, html('./main.js'));
  return root;
}

const browser = await chromium.launch(launchOptions());
let failures = 0;

/** Runs the app at an address. @param expected the width of the result, or the code of the error */
async function check(what, url, expected) {
  const page = await browser.newPage();
  await page.goto(url);
  await page.waitForFunction(() => 'outcome' in globalThis);
  const outcome = await page.evaluate(() => globalThis.outcome);
  await page.close();
  if (outcome !== expected) failures++;
  console.log(`${outcome === expected ? 'as expected' : 'NOT AS EXPECTED'}: ${what}: ${outcome}`);
}

async function checkFolder(what, folder, expected) {
  const answer = files(folder);
  const server = createServer((request, response) => void answer(request, response));
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  await check(what, `http://localhost:${server.address().port}/`, expected);
  server.closeAllConnections();
  server.close();
}

const LINES = { optimizeDeps: { exclude: ['resshift-web'] }, worker: { format: 'es' } };
for (const name of ['vite5', 'vite6', 'vite7']) {
  const { build, createServer: develop, version } = await import(name);
  for (const [label, config, expected] of [['alone', {}, 'http'], ['with two lines', LINES, 32]]) {
    const root = project(`${name}-${label.split(' ')[0]}`);
    const server = await develop({ root, configFile: false, logLevel: 'error', server: { port: 0, host: '127.0.0.1' }, ...config });
    await server.listen();
    await check(`Vite ${version}, while developing, ${label}`, `http://127.0.0.1:${server.httpServer.address().port}/`, expected);
    await server.close();
    await build({ root, configFile: false, logLevel: 'error', ...config });
    await checkFolder(`Vite ${version}, built, ${label}`, `${root}/dist`, 32);
  }
}
for (const [label, plugins, expected] of [['alone', [nodeResolve()], 'http'], ['with import-meta-assets', [nodeResolve(), importMetaAssets()], 32]]) {
  const root = project(`rollup-${plugins.length}`);
  const bundle = await rollup({ input: `${root}/main.js`, plugins });
  await bundle.write({ dir: `${root}/out`, format: 'es' });
  writeFileSync(`${root}/out/index.html`, html('./main.js'));
  await checkFolder(`Rollup ${VERSION}, ${label}`, `${root}/out`, expected);
}
await browser.close();
process.exit(failures > 0 ? 1 : 0);
