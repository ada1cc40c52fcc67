// The browser under measurement, and the server that gives it this folder and both engines. See ../README.md.

import { chromium } from '@playwright/test';
import { createReadStream, existsSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join, normalize, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { launchOptions } from '../../tests/browser/browsers/chromium.mjs';

export const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const words = (text = '') => text.split(/\s+/).filter(Boolean);
const TYPES = { '.js': 'text/javascript', '.mjs': 'text/javascript', '.wasm': 'application/wasm', '.json': 'application/json' };

/**
 * Serves this folder, our package `dist` and onnxruntime-web.
 * @param {string} dist
 * @param {Record<string, string>} needed files that must be there, with the command that makes each
 */
export async function serve(dist, needed) {
  const folders = { '/ours/': resolve(dist), '/ort/': here('node_modules/onnxruntime-web/dist'), '/': here('.') };
  const missing = {
    [join(folders['/ours/'], 'index.js')]: './build.sh package',
    [join(folders['/ort/'], 'ort.wasm.min.mjs')]: 'npm ci --prefix benches/onnx --ignore-scripts',
    ...needed,
  };
  for (const [file, command] of Object.entries(missing)) {
    if (!existsSync(file)) throw new Error(`${file} is missing: run ${command}`);
  }
  const server = createServer(({ url }, response) => {
    const path = normalize(new URL(url, 'http://localhost').pathname);
    const prefix = Object.keys(folders).find((prefix) => path.startsWith(prefix));
    const file = join(folders[prefix], path.slice(prefix.length));
    if (path === '/') response.setHeader('content-type', 'text/html').end('<!doctype html><link rel=icon href="data:,">');
    else if (!existsSync(file)) response.writeHead(404).end();
    else createReadStream(file).pipe(response.setHeader('content-type', TYPES[extname(file)] ?? 'application/octet-stream'));
  });
  await new Promise((listening) => server.listen(0, '127.0.0.1', listening));
  return server;
}

/** The browser that the tests start, or another. */
export function launch() {
  return chromium.launch({
    ...launchOptions(words(process.env.CHROMIUM_FLAGS)),
    ignoreDefaultArgs: words(process.env.CHROMIUM_WITHOUT),
  });
}

/** A browser with a page of `server` open, and a function that calls what the page's module `script` exports. */
export async function open(server, script) {
  const browser = await launch();
  const page = await browser.newPage();
  page.on('console', (line) => line.type() === 'error' && console.error(line.text()));
  await page.goto(`http://localhost:${server.address().port}/`);
  const call = (name, argument) =>
    page.evaluate(async ([script, name, argument]) => (await import(script))[name](argument), [script, name, argument]);
  return { browser, call };
}

export function figures(series) {
  return { min: Math.min(...series), median: median(series) };
}

export function median(series) {
  const sorted = series.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** As JSON, to four significant digits. */
export function toJson(result) {
  return JSON.stringify(result, (_, value) => (typeof value === 'number' ? Number(value.toPrecision(4)) : value));
}
