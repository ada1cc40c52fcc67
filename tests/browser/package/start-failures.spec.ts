/** If a worker, an engine or a model cannot be loaded, the error says why. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test, type Page } from '@playwright/test';
import { files } from '../../../www/serve.mjs';
import { DIST } from '../support/folders.ts';

const PACKAGE = join(DIST, 'resshift');
const servers: Server[] = [];

test.afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
  }
});

/** `gone`: 404. `page`: the app's page instead, with 200. `closed`: the connection is closed without an answer. */
type Answer = 'gone' | 'page' | 'closed';

/** What a server does with the package's files. */
interface Site {
  answers?: [RegExp, Answer][];
  headers?: Record<string, string>;
  html?: string;
}

const PAGE = (script: string): string =>
  `<!doctype html><html lang="en"><title>Start</title><link rel="icon" href="data:,"><body>${script}`;
const MODULE = PAGE('<script type="module" src="start.js"></script>');
/** Without `unsafe-inline`, whatever the policy. */
const START = `import('./index.js').then(({ Upscaler }) => { globalThis.api = { Upscaler }; });`;

/** @returns the origin */
async function serve({ answers = [], headers = {}, html = MODULE }: Site = {}): Promise<string> {
  const serveFile = files(PACKAGE);
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? '/', 'http://localhost').pathname;
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
    const answer = answers.find(([pattern]) => pattern.test(path))?.[1];
    if (answer === 'gone') response.writeHead(404).end();
    else if (answer === 'closed') request.socket.destroy();
    else if (path === '/start.js') response.writeHead(200, { 'Content-Type': 'text/javascript' }).end(START);
    else if (path === '/' || answer === 'page') response.writeHead(200, { 'Content-Type': 'text/html' }).end(html);
    else void serveFile(request, response);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  servers.push(server);
  return `http://localhost:${(server.address() as AddressInfo).port}`;
}

/** How `create` fails on the page at an address. */
async function failure(page: Page, url: string, options = 'undefined'): Promise<{ said: string; advice: string }> {
  await page.goto(url);
  await page.waitForFunction(() => 'api' in globalThis || 'ResShift' in globalThis);
  const error = await page.evaluate(async (options) => {
    const { Upscaler } = (globalThis as any).api ?? (globalThis as any).ResShift;
    const given = options === 'undefined' ? undefined : JSON.parse(options);
    return (Upscaler.create({ device: 'cpu', engines: 1, ...given }) as Promise<unknown>).then(
      () => null,
      ({ name, code, message, advice }) => ({ name, code, message, advice }),
    );
  }, options);
  expect(error?.name).toBe('UpscalerError');
  const here = new URL(url).origin;
  return { said: `${error!.code}: ${error!.message.replaceAll(here, '')}`, advice: error!.advice };
}

const POLICY = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; connect-src 'self'; img-src data:";
/** The policy with one directive changed. */
const csp = (directive: string, value: string): Record<string, string> => ({
  'Content-Security-Policy': POLICY.replace(new RegExp(`${directive} [^;]+`), value && `${directive} ${value}`),
});

const SAME_SITE: [what: string, site: Site, said: RegExp, advice: RegExp][] = [
  [
    'a worker that was not copied',
    { answers: [[/worker\.js/, 'gone']] },
    /^http: \/worker\.js could not be downloaded: the server answered 404\.$/,
    /Hosting/,
  ],
  [
    'a page in place of the worker',
    { answers: [[/worker\.js/, 'page']] },
    /^http: \/worker\.js is not the file: the server answered with text\/html\.$/,
    /Hosting/,
  ],
  [
    'a policy without worker-src',
    { headers: csp('worker-src', "'none'") },
    /^blocked: The content security policy does not allow \/worker\.js: its directive worker-src /,
    /Hosting/,
  ],
  [
    'a server that is gone for the worker',
    { answers: [[/worker\.js/, 'closed']] },
    /^offline: \/worker\.js could not be reached\.$/,
    /network/,
  ],
  [
    'an engine that was not copied',
    { answers: [[/\.wasm/, 'gone']] },
    /^http: \/engine\/resshift_bg\.wasm could not be downloaded: the server answered 404\.$/,
    /Hosting/,
  ],
  [
    'a page in place of the engine',
    { answers: [[/\.wasm/, 'page']] },
    /^http: \/engine\/resshift_bg\.wasm is not the file: the server answered with text\/html\.$/,
    /Hosting/,
  ],
  [
    'a policy without connect-src',
    { headers: csp('connect-src', "'none'") },
    /^blocked: .* \/engine\/resshift_bg\.wasm: its directive connect-src /,
    /Hosting/,
  ],
  [
    'a policy without wasm-unsafe-eval',
    { headers: csp('script-src', "'self'") },
    /^blocked: .* WebAssembly: its directive script-src, which needs 'wasm-unsafe-eval'/,
    /Hosting/,
  ],
  [
    'a server that is gone for the engine',
    { answers: [[/\.wasm/, 'closed']] },
    /^offline: \/engine\/resshift_bg\.wasm could not be reached\.$/,
    /network/,
  ],
  [
    'a model that was not copied',
    { answers: [[/models/, 'gone']] },
    /^http: \/models\/compact\/compact-\w+\.safetensors could not be downloaded: the server answered 404\.$/,
    /Hosting/,
  ],
  [
    'a page in place of weights',
    { answers: [[/safetensors/, 'page']] },
    /^http: \/models\/compact\/.*\.safetensors is not the file/,
    /Hosting/,
  ],
];
for (const [what, site, said, advice] of SAME_SITE) {
  test(what, async ({ page }) => {
    const told = await failure(page, `${await serve(site)}/`);
    expect(told.said).toMatch(said);
    expect(told.advice).toMatch(advice);
  });
}

const CLASSIC = (cdn: string): string => PAGE(`<script src="${cdn}/cdn/resshift.global.js"></script>`);

test('a worker of another site without CORS', async ({ page }) => {
  const cdn = await serve();
  const told = await failure(page, `${await serve({ html: CLASSIC(cdn) })}/`);
  expect(told.said).toBe(`blocked: ${cdn}/worker.js is on another site, which does not let this page read it.`);
  expect(told.advice).toMatch(/Access-Control-Allow-Origin/);
});

test('an engine and a model of another site without CORS', async ({ page }) => {
  const cdn = await serve();
  const home = `${await serve()}/`;
  expect((await failure(page, home, JSON.stringify({ engine: `${cdn}/engine/resshift_bg.wasm` }))).said).toBe(
    `blocked: ${cdn}/engine/resshift_bg.wasm is on another site, which does not let this page read it.`,
  );
  expect((await failure(page, home, JSON.stringify({ modelUrl: `${cdn}/models/compact` }))).said).toBe(
    `blocked: ${cdn}/models/compact/model.json is on another site, which does not let this page read it.`,
  );
});

test('a page that was opened as a file', async ({ page }, { outputDir }) => {
  mkdirSync(outputDir, { recursive: true });
  writeFileSync(join(outputDir, 'index.html'), PAGE('<script src="resshift.global.js"></script>'));
  writeFileSync(join(outputDir, 'resshift.global.js'), readFileSync(join(PACKAGE, 'cdn/resshift.global.js')));
  const { said, advice } = await failure(page, pathToFileURL(join(outputDir, 'index.html')).href);
  expect(said).toBe('blocked: The page was opened as a file, and browsers start no workers there.');
  expect(advice).toMatch(/npx serve/);
});

test('a sandboxed frame without an origin runs it', async ({ page }) => {
  const run = `import('/index.js').then(({ Upscaler }) => Upscaler.create({ device: 'cpu', engines: 1 })).then((upscaler) => upscaler.upscale(new ImageData(8, 8), { steps: 1 }))
    .then(({ width }) => parent.postMessage(String(width), '*'), ({ message }) => parent.postMessage(message, '*'));`;
  const said = async (headers: Record<string, string>): Promise<string> => {
    const cdn = await serve({ headers });
    const frame = `<iframe sandbox="allow-scripts" srcdoc="<script>${run.replaceAll("'/index.js'", `'${cdn}/index.js'`).replaceAll('"', '&quot;')}</script>"></iframe>`;
    await page.goto(
      `${await serve({ html: PAGE(`<script>addEventListener('message', ({ data }) => (window.said = data));</script>${frame}`) })}/`,
    );
    await page.waitForFunction(() => 'said' in globalThis, undefined, { timeout: 60_000 });
    return page.evaluate(() => (globalThis as any).said);
  };
  expect(await said({ 'Access-Control-Allow-Origin': '*' })).toBe('32');
});

test('a page with Trusted Types runs it, and shows the element, by the policy resshift', async ({ page }) => {
  const headers = { 'Content-Security-Policy': `${POLICY}; require-trusted-types-for 'script'; trusted-types resshift` };
  await page.goto(`${await serve({ headers })}/`);
  await page.waitForFunction(() => 'api' in globalThis);
  const seen = await page.evaluate(async () => {
    const address = '/element.js';
    await import(address);
    const parts = document.createElement('resshift-upscaler').shadowRoot!.querySelectorAll('[part]').length;
    const upscaler = await (globalThis as any).api.Upscaler.create({ device: 'cpu', engines: 1 });
    const { width } = await upscaler.upscale(new ImageData(8, 8), { steps: 1 });
    upscaler.dispose();
    return { parts, width };
  });
  expect(seen).toEqual({ parts: 8, width: 32 });
});
