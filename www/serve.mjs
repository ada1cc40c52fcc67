// A small static file server for the built page: node www/serve.mjs [FOLDER] [--port N] [--host NAME]; PORT works as well
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

/** @type {Record<string, string>} */
const TYPES = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.ico': 'image/x-icon',
  '.jpg': 'image/jpeg',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.md': 'text/markdown; charset=utf-8',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.wasm': 'application/wasm',
  '.webmanifest': 'application/manifest+json',
};

/**
 * Answers GET and HEAD for the files of one folder. File names have no version, so a browser may cache a file but must ask each time
 * whether it is still current (`no-cache` and an ETag).
 * @param {string} folder
 * @returns {(request: import('node:http').IncomingMessage, response: import('node:http').ServerResponse) => Promise<void>}
 */
export function files(folder) {
  const root = resolve(folder);
  return async (request, response) => {
    /** @param {number} status */
    const refuse = (status) => {
      response.writeHead(status, { 'Content-Type': 'text/plain; charset=utf-8' });
      response.end(`${status}\n`);
    };
    if (request.method !== 'GET' && request.method !== 'HEAD') return refuse(405);
    let path;
    try {
      path = decodeURIComponent(new URL(request.url ?? '/', 'http://localhost').pathname);
    } catch {
      return refuse(400);
    }
    const file = join(root, path.endsWith('/') ? `${path}index.html` : path);
    if (path.includes('\0') || !file.startsWith(root + sep)) return refuse(404);
    const found = await stat(file).catch(() => null);
    if (!found?.isFile()) return refuse(404);
    const etag = `"${found.size.toString(36)}-${Math.round(found.mtimeMs).toString(36)}"`;
    const headers = { 'Cache-Control': 'no-cache', 'X-Content-Type-Options': 'nosniff', ETag: etag };
    if (request.headers['if-none-match'] === etag) {
      response.writeHead(304, headers).end();
      return;
    }
    response.writeHead(200, {
      ...headers,
      'Content-Type': TYPES[extname(file)] ?? 'application/octet-stream',
      'Content-Length': found.size,
    });
    if (request.method === 'HEAD') {
      response.end();
      return;
    }
    createReadStream(file)
      .on('error', () => response.destroy())
      .pipe(response);
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { port: { type: 'string', default: process.env['PORT'] ?? '8080' }, host: { type: 'string', default: '127.0.0.1' } },
  });
  const folder = positionals[0] ?? fileURLToPath(new URL('../dist', import.meta.url));
  if (!(await stat(join(folder, 'index.html')).catch(() => null))) {
    console.error(`${folder} holds no index.html: build the page first.`);
    process.exit(1);
  }
  const server = createServer(files(folder));
  server.on('error', (error) => {
    console.error(`Cannot listen on port ${values.port}: ${error.message}. Choose another with --port.`);
    process.exit(1);
  });
  server.listen(Number(values.port), values.host, () => {
    const shown = values.host === '127.0.0.1' ? 'localhost' : values.host;
    const address = /** @type {import('node:net').AddressInfo} */ (server.address());
    console.log(`ResShift is at http://${shown}:${address.port}`);
  });
}
