/** The server as a command. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from '@playwright/test';
import { FAKE_DIST, FIXTURES, SERVER } from '../support/folders.ts';

test('prints its address, answers with an ETag, and refuses what is not a file', async ({ request }) => {
  const server = spawn(process.execPath, [SERVER, FAKE_DIST, '--port', '0'], { stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    const [line] = (await once(server.stdout, 'data')) as [Buffer];
    const url = /http:\/\/localhost:\d+/.exec(String(line))![0];
    const first = await request.get(`${url}/`);
    expect(first.headers()).toMatchObject({ 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-cache' });
    const again = await request.get(`${url}/`, { headers: { 'If-None-Match': first.headers()['etag']! } });
    expect(again.status()).toBe(304);
    expect((await request.post(`${url}/`)).status()).toBe(405);
    expect((await request.get(`${url}/..%2f..%2fpackage.json`)).status()).toBe(404);
    expect((await request.get(`${url}/%zz`)).status()).toBe(400);
  } finally {
    server.kill();
    await once(server, 'exit');
  }
});

test('a port that is taken, and a folder without a page, end with a sentence', async () => {
  const first = spawn(process.execPath, [SERVER, FAKE_DIST, '--port', '0'], { stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    const [line] = (await once(first.stdout, 'data')) as [Buffer];
    const port = /:(\d+)/.exec(String(line))![1]!;
    for (const [given, sentence] of [
      [[FAKE_DIST, '--port', port], /Choose another with --port/],
      [[FIXTURES], /build the page first/],
    ] as const) {
      const second = spawn(process.execPath, [SERVER, ...given], { stdio: ['ignore', 'ignore', 'pipe'] });
      let said = '';
      second.stderr.on('data', (piece: Buffer) => (said += String(piece)));
      const [code] = (await once(second, 'close')) as [number];
      expect(code).toBe(1);
      expect(said).toMatch(sentence);
    }
  } finally {
    first.kill();
    await once(first, 'exit');
  }
});
