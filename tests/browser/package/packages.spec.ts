/** The packed package, in pages and bundles as its users make them. */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer as createHttp, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import { expect, test, type Page } from '@playwright/test';
import { build as esbuild, buildSync } from 'esbuild';
import { publint } from 'publint';
import { build as vite, createServer as viteServer } from 'vite';
import webpack from 'webpack';
import { files } from '../../../www/serve.mjs';

const from = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const WORK = from('../../../test-results/packages');
const PACKAGE = join(WORK, 'node_modules/resshift-web');
const DIST = join(PACKAGE, 'dist');
const STRICT = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; style-src 'self'; img-src 'self' blob: data:";

interface Outcome {
  width: number;
  height: number;
  pixels: number[];
}

// One worker: the fixtures share the unpacked package.
test.describe.configure({ mode: 'default' });

let tarball: string;
const servers: Server[] = [];
/** What the first fixture painted; the CPU gives the same bytes wherever it is called from. */
let reference: number[] | undefined;

test.beforeAll(() => {
  rmSync(WORK, { recursive: true, force: true });
  mkdirSync(PACKAGE, { recursive: true });
  const packed = execFileSync('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', WORK], {
    cwd: from('../../../npm'),
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  tarball = join(WORK, readdirSync(WORK).find((name) => name.endsWith('.tgz'))!);
  expect(packed.length).toBeGreaterThan(0);
  execFileSync('tar', ['-xzf', tarball, '-C', PACKAGE, '--strip-components=1']);
  writeFileSync(join(WORK, 'package.json'), '{"private":true,"type":"module"}');
  for (const name of readdirSync(from('packages'))) cpSync(from(`packages/${name}`), join(WORK, name));
});

test.afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

/** @returns the origin */
async function serve(folder: string, headers: Record<string, string> = {}): Promise<string> {
  const answer = files(folder);
  const server = createHttp((request, response) => {
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
    void answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  servers.push(server);
  return `http://localhost:${(server.address() as AddressInfo).port}`;
}

/** A site of the given scripts beside the package's files. */
function site(name: string, scripts: string[], folder = ''): string {
  const root = join(WORK, 'sites', name);
  const place = join(root, folder);
  mkdirSync(place, { recursive: true });
  cpSync(DIST, join(place, 'resshift'), { recursive: true });
  for (const file of readdirSync(WORK).filter((file) => file.endsWith('.js'))) cpSync(join(WORK, file), join(place, file));
  page(place, scripts);
  return root;
}

function page(place: string, scripts: string[]): void {
  writeFileSync(
    join(place, 'index.html'),
    `<!doctype html><html lang="en"><title>Fixture</title><link rel="icon" href="data:,"><body>${scripts.join('')}`,
  );
}

const module = (src: string): string => `<script type="module" src="${src}"></script>`;
const classic = (src: string): string => `<script src="${src}"></script>`;

/** Has webpack make a bundle, without complaint. */
async function packed(configuration: webpack.Configuration): Promise<void> {
  const stats = await new Promise<webpack.Stats | undefined>((resolve, reject) =>
    webpack(configuration, (error, stats) => (error ? reject(error) : resolve(stats))),
  );
  const { errors = [], warnings = [] } = stats?.compilation ?? {};
  expect([...errors, ...warnings].map(String)).toEqual([]);
}

/** Opens the page and checks what it upscaled. */
async function check(tab: Page, url: string): Promise<void> {
  const errors: string[] = [];
  tab.on('console', (message) => message.type() === 'error' && errors.push(message.text()));
  tab.on('pageerror', (error) => errors.push(String(error)));
  await tab.goto(url);
  await tab.waitForFunction(() => 'outcome' in globalThis, undefined, { timeout: 30_000 }).catch(() => undefined);
  expect(errors).toEqual([]);
  const { width, height, pixels } = await tab.evaluate(() => (globalThis as unknown as { outcome: Promise<Outcome> }).outcome);
  expect([width, height]).toEqual([32, 32]);
  reference ??= pixels;
  expect(new Set(pixels).size, 'a picture, not a plain area').toBeGreaterThan(30);
  expect(pixels).toEqual(reference);
  expect(errors).toEqual([]);
}

test('a classic script', async ({ page: tab }) => {
  await check(tab, `${await serve(site('plain', [classic('resshift/cdn/resshift.global.js'), classic('plain.js')]))}/`);
});

test('a classic script from another site, whose worker starts from a blob', async ({ page: tab }) => {
  const cdn = await serve(DIST, { 'Access-Control-Allow-Origin': '*', 'Cross-Origin-Resource-Policy': 'cross-origin' });
  const root = site('cross', [classic(`${cdn}/cdn/resshift.global.js`), classic('plain.js')]);
  rmSync(join(root, 'resshift'), { recursive: true });
  await check(tab, `${await serve(root)}/`);
});

test('a module script in a folder of the site', async ({ page: tab }) => {
  await check(tab, `${await serve(site('module', [module('module.js')], 'deep/er'))}/deep/er/`);
});

test('a strict content security policy', async ({ page: tab }) => {
  const root = site('strict', [module('module.js')]);
  writeFileSync(join(root, 'index.html'), '<!doctype html><title>Strict</title><body><script type="module" src="module.js"></script>');
  writeFileSync(join(root, 'favicon.ico'), '');
  await check(tab, `${await serve(root, { 'Content-Security-Policy': STRICT })}/`);
});

test('a script from another site under a strict policy that allows that site and blobs', async ({ page: tab }) => {
  const cdn = await serve(DIST, { 'Access-Control-Allow-Origin': '*', 'Cross-Origin-Resource-Policy': 'cross-origin' });
  const root = site('cross-strict', [classic(`${cdn}/cdn/resshift.global.js`), classic('plain.js')]);
  rmSync(join(root, 'resshift'), { recursive: true });
  const policy = `default-src 'none'; script-src 'self' 'wasm-unsafe-eval' ${cdn}; worker-src blob: ${cdn}; connect-src ${cdn}; img-src data:`;
  await check(tab, `${await serve(root, { 'Content-Security-Policy': policy })}/`);
});

test('engine, worker and model from places of their own', async ({ page: tab }) => {
  const root = site('override', [module('override.js')]);
  mkdirSync(join(root, 'elsewhere'));
  cpSync(join(DIST, 'engine/resshift_bg.wasm'), join(root, 'elsewhere/resshift_bg.wasm'));
  cpSync(join(DIST, 'worker.js'), join(root, 'elsewhere/worker.js'));
  cpSync(join(DIST, 'models/compact'), join(root, 'elsewhere/compact'), { recursive: true });
  for (const name of ['engine', 'models', 'worker.js']) rmSync(join(root, 'resshift', name), { recursive: true });
  await check(tab, `${await serve(root)}/`);
});

test('Vite, built, below a folder', async ({ page: tab }) => {
  page(WORK, [module('./bundled.js')]);
  await vite({
    root: WORK,
    base: '/below/',
    configFile: false,
    logLevel: 'error',
    build: { outDir: 'sites/vite/below', target: 'es2022' },
  });
  await check(tab, `${await serve(join(WORK, 'sites/vite'))}/below/`);
});

test('a bundle has one worker, one engine, and the models that are asked for', async ({ page: tab }) => {
  const emitted = async (name: string, script: string): Promise<string[]> => {
    writeFileSync(join(WORK, `${name}.js`), script);
    page(WORK, [module(`./${name}.js`)]);
    await vite({ root: WORK, configFile: false, logLevel: 'error', build: { outDir: `sites/${name}`, target: 'es2022' } });
    return (readdirSync(join(WORK, 'sites', name), { recursive: true }) as string[])
      .map((path) => path.replace(/(-[\w-]{8})+(?=\.\w+$)/, ''))
      .filter((path) => path.startsWith('assets/'))
      .sort();
  };
  expect(await emitted('alone', "import './bundled.js';")).toEqual([
    'assets/compact.safetensors',
    'assets/index.js',
    'assets/resshift_bg.wasm',
    'assets/worker.js',
  ]);
  const script = `import 'resshift-web/nano'; import { Upscaler } from 'resshift-web'; import { attempt } from './try.js';
    globalThis.outcome = attempt(Upscaler, { model: 'nano' });`;
  expect(await emitted('nano', script)).toContain('assets/nano.safetensors');
  const asked: string[] = [];
  tab.on('request', (request) => asked.push(new URL(request.url()).pathname));
  await tab.goto(`${await serve(join(WORK, 'sites/nano'))}/`);
  await tab.waitForFunction(() => 'outcome' in globalThis);
  expect((await tab.evaluate(() => (globalThis as unknown as { outcome: Promise<Outcome> }).outcome)).width).toBe(32);
  expect(
    asked.filter((path) => /safetensors|json/.test(path)),
    'weights of that model alone, and no description',
  ).toEqual([expect.stringMatching(/nano-/)]);
});

test('Vite, while developing', async ({ page: tab }) => {
  page(WORK, [module('./bundled.js')]);
  const server = await viteServer({
    root: WORK,
    configFile: false,
    logLevel: 'error',
    server: { port: 0, host: '127.0.0.1' },
    optimizeDeps: { exclude: ['resshift-web'] },
  });
  await server.listen();
  try {
    await check(tab, `http://localhost:${(server.httpServer!.address() as AddressInfo).port}/`);
  } finally {
    await server.close();
  }
});

test('webpack', async ({ page: tab }) => {
  const out = join(WORK, 'sites/webpack');
  await packed({
    mode: 'production',
    context: WORK,
    entry: './bundled.js',
    output: { path: out, filename: 'main.js' },
    performance: false,
  });
  page(out, [classic('main.js')]);
  await check(tab, `${await serve(out)}/`);
});

test('esbuild, with the files copied beside the bundle', async ({ page: tab }) => {
  const out = join(WORK, 'sites/esbuild');
  await esbuild({
    entryPoints: [join(WORK, 'bundled.js')],
    bundle: true,
    format: 'esm',
    target: 'es2022',
    outfile: join(out, 'main.js'),
    logLevel: 'error',
  });
  for (const name of ['worker.js', 'engine', 'models']) cpSync(join(DIST, name), join(out, name), { recursive: true });
  page(out, [module('main.js')]);
  await check(tab, `${await serve(out)}/`);
});

test('bundles find the engine for a GPUDevice of the page too', async ({ page: tab }) => {
  const out = join(WORK, 'sites/shared-device');
  page(WORK, [module('./shared-device.js')]);
  await vite({
    root: WORK,
    configFile: false,
    logLevel: 'error',
    build: { outDir: 'sites/shared-device/vite', target: 'es2022' },
    base: '/vite/',
  });
  await packed({
    mode: 'production',
    context: WORK,
    entry: './shared-device.js',
    output: { path: join(out, 'webpack'), filename: 'main.js' },
    performance: false,
  });
  page(join(out, 'webpack'), [classic('main.js')]);
  const origin = await serve(out);
  for (const bundler of ['vite', 'webpack']) {
    await tab.goto(`${origin}/${bundler}/`);
    await tab.waitForFunction(() => 'outcome' in globalThis);
    expect(await tab.evaluate(() => (globalThis as unknown as { outcome: Promise<string> }).outcome), bundler).toBe('webgpu');
  }
});

test('bundlers drop what is not used, and keep what has effects', async () => {
  const bundled = async (contents: string): Promise<number> => {
    const { outputFiles } = await esbuild({
      stdin: { contents, resolveDir: WORK },
      bundle: true,
      format: 'esm',
      target: 'es2022',
      minify: true,
      write: false,
      logLevel: 'error',
    });
    return outputFiles[0]!.contents.length;
  };
  expect(await bundled("import 'resshift-web';")).toBe(0);
  expect(await bundled("import { Upscaler } from 'resshift-web';")).toBe(0);
  for (const name of ['element', 'worker']) expect(await bundled(`import 'resshift-web/${name}';`), name).toBeGreaterThan(1000);
  // Nothing else in the package does anything when it is imported.
  const { sideEffects } = JSON.parse(readFileSync(join(PACKAGE, 'package.json'), 'utf8')) as { sideEffects: string[] };
  expect(sideEffects).toEqual(['./dist/worker.js', './dist/element.js', './dist/nano.js', './dist/cdn/resshift.global.js']);
});

test('every entry leads to its file, and nothing else can be reached', () => {
  const names = [
    '',
    '/element',
    '/nano',
    '/worker',
    '/engine.wasm',
    '/models/compact/model.json',
    '/package.json',
    '/dist/index.js',
    '/dist/worker.js',
  ];
  const script = `console.log(JSON.stringify(${JSON.stringify(names)}.map((name) => {
    try { return import.meta.resolve('resshift-web' + name).split('/resshift-web/')[1]; } catch (error) { return error.code; }
  })));`;
  const said = execFileSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8', cwd: WORK });
  const found = JSON.parse(said) as string[];
  expect(found).toEqual([
    'dist/index.js',
    'dist/element.js',
    'dist/nano.js',
    'dist/worker.js',
    'dist/engine/resshift_bg.wasm',
    'dist/models/compact/model.json',
    'package.json',
    'ERR_PACKAGE_PATH_NOT_EXPORTED',
    'ERR_PACKAGE_PATH_NOT_EXPORTED',
  ]);
  for (const path of found.slice(0, 7)) expect(statSync(join(PACKAGE, path)).size, path).toBeGreaterThan(100);
});

test('importing it in Node does nothing; calling it says where it belongs', () => {
  const script = `
    const { Upscaler, UpscalerError, importModel } = await import(${JSON.stringify(pathToFileURL(join(DIST, 'index.js')).href)});
    await import(${JSON.stringify(pathToFileURL(join(DIST, 'element.js')).href)});
    const errors = [];
    for (const call of [() => Upscaler.create(), () => Upscaler.preload(), () => importModel([], { onLicence: () => true })]) {
      await call().catch((error) => errors.push([error instanceof UpscalerError, error.code, error.advice.length > 0]));
    }
    console.log(JSON.stringify(errors));`;
  const said = execFileSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' });
  expect(JSON.parse(said)).toEqual(Array(3).fill([true, 'no-browser', true]));
});

test('in jsdom the element exists, and says that it cannot run', () => {
  const script = `
    import { JSDOM } from ${JSON.stringify(pathToFileURL(from('../../../node_modules/jsdom/lib/api.js')).href)};
    const { window } = new JSDOM('<!doctype html><body>', { url: 'http://localhost/' });
    for (const name of ['window', 'document', 'HTMLElement', 'customElements', 'CSSStyleSheet', 'CustomEvent']) globalThis[name] = window[name];
    await import(${JSON.stringify(pathToFileURL(join(DIST, 'element.js')).href)});
    const element = document.createElement('resshift-upscaler');
    for (const name of ['controls', 'required']) element.setAttribute(name, '');
    document.body.append(element);
    const parts = element.shadowRoot.querySelectorAll('[part]').length;
    element.src = 'data:image/png;base64,';
    console.log(JSON.stringify([parts, await element.start().catch(({ code }) => code)]));
    element.remove();`;
  const said = execFileSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' });
  expect(JSON.parse(said)).toEqual([8, 'no-browser']);
});

test('publint finds nothing', async () => {
  const { messages } = await publint({ pkgDir: PACKAGE, strict: true });
  expect(messages).toEqual([]);
});

test('every way of resolving types finds them', () => {
  const attw = from('../../../node_modules/.bin/attw');
  const args = [tarball, '--profile', 'esm-only', '--entrypoints', '.', './element', '--format', 'json'];
  const { problems = {} } = JSON.parse(execFileSync(attw, args, { encoding: 'utf8' })) as {
    problems?: Record<string, { resolutionKind: string }[]>;
  };
  // The package is for browsers and has no CommonJS; Node 10 knew no `exports`.
  const left = Object.values(problems)
    .flat()
    .filter(({ resolutionKind }) => !['node10', 'node16-cjs'].includes(resolutionKind));
  expect(left).toEqual([]);
});

test('the package holds what it should, and is small', () => {
  const manifest = JSON.parse(readFileSync(join(PACKAGE, 'package.json'), 'utf8')) as Record<string, unknown>;
  expect(manifest['dependencies']).toBeUndefined();
  const held = (readdirSync(PACKAGE, { recursive: true }) as string[]).filter((path) => statSync(join(PACKAGE, path)).isFile()).sort();
  expect(held.filter((path) => !path.startsWith('dist/models/'))).toEqual([
    'LICENSE-APACHE',
    'LICENSE-MIT',
    'NOTICE',
    'README.md',
    'dist/cdn/resshift.global.js',
    'dist/element.d.ts',
    'dist/element.js',
    'dist/engine/resshift_bg.wasm',
    'dist/index.d.ts',
    'dist/index.js',
    'dist/jsx/attributes.d.ts',
    'dist/jsx/preact.d.ts',
    'dist/jsx/react.d.ts',
    'dist/jsx/svelte.d.ts',
    'dist/jsx/vue.d.ts',
    'dist/languages.d.ts',
    'dist/languages/es.js',
    'dist/languages/ja.js',
    'dist/languages/vi.js',
    'dist/languages/zh.js',
    'dist/nano.d.ts',
    'dist/nano.js',
    'dist/worker.js',
    'package.json',
  ]);
  expect(held.filter((path) => path.startsWith('dist/models/')).map((path) => path.replace(/-[0-9a-f]{8}\./, '.'))).toEqual([
    'dist/models/CREDITS.tsv',
    'dist/models/compact/MODEL_CARD.md',
    'dist/models/compact/compact.safetensors',
    'dist/models/compact/model.json',
    'dist/models/nano/MODEL_CARD.md',
    'dist/models/nano/model.json',
    'dist/models/nano/nano.safetensors',
  ]);
  // The engine is compiled from other people's packages, whose licences ask to be passed on.
  expect(readFileSync(join(PACKAGE, 'NOTICE'), 'utf8')).toMatch(/^wgpu 30\.0\.1 \(MIT OR Apache-2\.0\)$/m);
  expect(statSync(tarball).size, 'what npm downloads: mostly engine and weights').toBeLessThan(14_000_000);
  const size = (name: string): number => gzipSync(readFileSync(join(DIST, name)), { level: 9 }).length;
  const { outputFiles } = buildSync({
    stdin: { contents: "export { Upscaler } from './index.js';", resolveDir: DIST },
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2022',
    write: false,
  });
  expect(
    gzipSync(outputFiles[0]!.contents, { level: 9 }).length,
    'in the bundle of an app that imports Upscaler, gzip',
  ).toBeLessThanOrEqual(10_000);
  expect(size('index.js') + size('worker.js') + size('element.js'), 'JavaScript, gzip').toBeLessThanOrEqual(27_000);
  for (const language of ['es', 'ja', 'vi', 'zh'])
    expect(size(`languages/${language}.js`), 'fetched by an element in that language').toBeLessThanOrEqual(1600);
  expect(size('cdn/resshift.global.js') + size('worker.js'), 'JavaScript of a classic page, gzip').toBeLessThanOrEqual(27_000);
});
