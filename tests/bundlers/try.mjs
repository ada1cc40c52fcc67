// Builds a small app with each bundler, runs it in Chromium, and fails where the table in www/docs/hosting.md would be wrong.
// Build the package first (`./build.sh package`); then `npm install` and `node try.mjs` here, or `node try.mjs astro parcel` for some.

import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { nodeResolve } from '@rollup/plugin-node-resolve';
import { importMetaAssets } from '@web/rollup-plugin-import-meta-assets';
import { rollup } from 'rollup';
import { chromium } from '../../node_modules/@playwright/test/index.mjs';
import { files } from '../../www/serve.mjs';
import { launchOptions } from '../browser/browsers/chromium.mjs';

const from = (path) => fileURLToPath(new URL(path, import.meta.url));
const IMPORT = "import { Upscaler } from 'resshift-web';";
const RUN = `globalThis.outcome = (async () => {
  const upscaler = await Upscaler.create({ device: 'cpu', engines: 1 });
  const { width } = await upscaler.upscale(new ImageData(8, 8), { steps: 1 });
  return width;
})().catch(({ code }) => code);`;
const HEAD = '<title>App</title><link rel="icon" href="data:,">';
const html = (script) =>
  `<!doctype html><html lang="en"><head>${HEAD}</head><body><script type="module" src="${script}"></script></body></html>`;
/** What an app has that is made of plain scripts. */
const PLAIN = { 'main.js': `${IMPORT}\n${RUN}`, 'index.html': html('./main.js') };
/** Enlarges 8 pixels by four. */
const RUNS = 32;

function project(name, contents = PLAIN) {
  const root = from(`work/${name.replaceAll(/\W+/g, '-')}`);
  rmSync(root, { recursive: true, force: true });
  for (const part of ['package.json', 'dist'])
    cpSync(from(`../../npm/${part}`), `${root}/node_modules/resshift-web/${part}`, { recursive: true });
  for (const [path, text] of Object.entries({ 'package.json': '{"private":true,"type":"module"}', ...contents })) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return root;
}

const wanted = process.argv.slice(2);
const browser = await chromium.launch(launchOptions());
let failures = 0;

function tell(what, outcome, expected) {
  const right = outcome === expected;
  if (!right) failures++;
  console.log(`${right ? 'as expected' : 'NOT AS EXPECTED'}: ${what}: ${outcome}`);
}

/** Runs the app at an address. @param expected the width of the result, or the code of the error */
async function check(what, url, expected = RUNS) {
  const page = await browser.newPage();
  await page.goto(url);
  await page.waitForFunction(() => 'outcome' in globalThis);
  tell(what, await page.evaluate(() => globalThis.outcome), expected);
  await page.close();
}

async function checkFolder(what, folder, expected) {
  const answer = files(folder);
  const server = createServer((request, response) => void answer(request, response));
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  await check(what, `http://localhost:${server.address().port}/`, expected);
  server.closeAllConnections();
  server.close();
}

/** That nothing is there twice, and no model that nobody has asked for. */
function checkFiles(what, folder) {
  const found = readdirSync(folder, { recursive: true }).map((path) => path.split(/[\\/]/).pop());
  const count = (pattern) => found.filter((name) => pattern.test(name)).length;
  tell(
    `${what}: workers, engines, compact, nano`,
    [/^worker\b.*\.js$/, /\.wasm$/, /compact.*\.safetensors$/, /nano.*\.safetensors$/].map(count).join(),
    '1,1,1,0',
  );
}

const version = (name) => JSON.parse(readFileSync(from(`node_modules/${name}/package.json`), 'utf8')).version;

/** What needs nothing; commands are files of packages, run by a Node that is new enough for all of them. */
const BUNDLERS = {
  parcel: {
    contents: PLAIN,
    command: ['parcel/lib/bin.js', 'build', 'index.html', '--dist-dir', 'out', '--no-cache', '--no-source-maps'],
    out: 'out',
  },
  astro: {
    contents: {
      'src/pages/index.astro': `<!doctype html><html lang="en"><head>${HEAD}</head><body><script>${IMPORT}\n${RUN}</script></body></html>`,
    },
    command: ['astro/bin/astro.mjs', 'build'],
    out: 'dist',
  },
  nuxt: {
    contents: {
      'app.vue': `<script setup>${IMPORT}\nonMounted(() => { ${RUN} });</script><template><p>App</p></template>`,
      'nuxt.config.js':
        "export default { telemetry: false, compatibilityDate: '2026-01-01', app: { head: { link: [{ rel: 'icon', href: 'data:,' }] } } };",
    },
    command: ['nuxt/bin/nuxt.mjs', 'generate'],
    out: '.output/public',
  },
  '@sveltejs/kit': {
    contents: {
      'src/app.html': `<!doctype html><html lang="en"><head>${HEAD}%sveltekit.head%</head><body>%sveltekit.body%</body></html>`,
      'src/routes/+page.svelte': `<script>import { onMount } from 'svelte'; ${IMPORT}\nonMount(() => { ${RUN} });</script><p>App</p>`,
      'src/routes/+layout.js': 'export const prerender = true;',
      'vite.config.js': `import adapter from '@sveltejs/adapter-static';
import { sveltekit } from '@sveltejs/kit/vite';
export default { plugins: [sveltekit({ adapter: adapter() })] };`,
    },
    command: ['vite/bin/vite.js', 'build'],
    out: 'build',
  },
};
for (const [
  name,
  {
    contents,
    command: [file, ...given],
    out,
  },
] of Object.entries(BUNDLERS)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  const what = `${name} ${version(name)}`;
  const root = project(name, contents);
  const env = { ...process.env, ASTRO_TELEMETRY_DISABLED: '1', NUXT_TELEMETRY_DISABLED: '1' };
  try {
    execFileSync(from('node_modules/node/bin/node'), [from(`node_modules/${file}`), ...given], { cwd: root, stdio: 'pipe', env });
    await checkFolder(what, join(root, out));
    checkFiles(what, join(root, out));
  } catch (error) {
    failures++;
    console.log(`NOT AS EXPECTED: ${what}: ${error.stderr ?? error}`);
  }
}

/** Bundlers that copy nothing: everything lies beside the bundle. */
if (wanted.length === 0 || wanted.includes('bun')) {
  const root = project('bun');
  execFileSync(from('node_modules/bun/bin/bun.exe'), ['build', 'main.js', '--outdir', 'out', '--minify'], { cwd: root, stdio: 'pipe' });
  writeFileSync(`${root}/out/index.html`, html('./main.js'));
  await checkFolder(`bun ${version('bun')}, alone`, `${root}/out`, 'http');
  for (const part of ['worker.js', 'engine', 'models']) cpSync(from(`../../npm/dist/${part}`), `${root}/out/${part}`, { recursive: true });
  await checkFolder(`bun ${version('bun')}, with the files copied`, `${root}/out`);
}

for (const name of ['vite5', 'vite6', 'vite7', 'vite']) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  const { build, createServer: develop, version } = await import(name);
  const old = name !== 'vite';
  for (const config of old ? [{}, { optimizeDeps: { exclude: ['resshift-web'] } }] : [{}]) {
    const label = config.optimizeDeps ? 'with one line' : 'alone';
    const root = project(`${name}-${label}`);
    const server = await develop({ root, configFile: false, logLevel: 'error', server: { port: 0, host: '127.0.0.1' }, ...config });
    await server.listen();
    await check(
      `Vite ${version}, while developing, ${label}`,
      `http://127.0.0.1:${server.httpServer.address().port}/`,
      old && !config.optimizeDeps ? 'http' : RUNS,
    );
    await server.close();
    await build({ root, configFile: false, logLevel: 'error', ...config });
    await checkFolder(`Vite ${version}, built, ${label}`, `${root}/dist`);
    checkFiles(`Vite ${version}, built, ${label}`, `${root}/dist`);
  }
}

/** A library that uses the package leaves it to the app that uses the library. */
if (wanted.length === 0 || wanted.includes('library')) {
  const { build, version } = await import('vite');
  const root = project('library');
  const lib = { entry: `${root}/main.js`, formats: ['es'], fileName: 'library' };
  const size = async (external) => {
    await build({ root, configFile: false, logLevel: 'error', build: { lib, outDir: 'out', rollupOptions: { external } } });
    return readFileSync(`${root}/out/library.js`).length;
  };
  tell(`Vite ${version}, as a library, megabytes`, Math.round((await size([])) / 1e6) >= 15, true);
  tell(`Vite ${version}, as a library that leaves the package out, below a kilobyte`, (await size(['resshift-web'])) < 1000, true);
}

for (const plugins of [[nodeResolve()], [nodeResolve(), importMetaAssets()]]) {
  if (wanted.length > 0 && !wanted.includes('rollup')) continue;
  const alone = plugins.length === 1;
  const root = project(`rollup-${plugins.length}`);
  const bundle = await rollup({ input: `${root}/main.js`, plugins });
  await bundle.write({ dir: `${root}/out`, format: 'es' });
  writeFileSync(`${root}/out/index.html`, html('./main.js'));
  const what = `Rollup ${version('rollup')}, ${alone ? 'alone' : 'with import-meta-assets'}`;
  await checkFolder(what, `${root}/out`, alone ? 'http' : RUNS);
  if (!alone) checkFiles(what, `${root}/out`);
}
await browser.close();
process.exit(failures > 0 ? 1 : 0);
