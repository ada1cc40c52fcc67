#!/usr/bin/env node
/**
 * Playwright starts this file in the place of Firefox. It starts the one that a distribution packages, and stands between the two,
 * since Playwright speaks a newer draft of WebDriver BiDi: what Firefox knows passes as it is.
 */
import { spawn } from 'node:child_process';
import { renameSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { FIREFOX } from './firefox.mjs';
import { rewriting } from './websocket.mjs';

/**
 * A command that Firefox lacks, and that the tests can do without, becomes one that does nothing.
 * @param {string} text
 */
function command(text) {
  return text.replace('"method":"emulation.setMediaFeaturesOverride"', '"method":"session.status"');
}

/** Downloads get the number by which Playwright knows them, and the name under which it looks for them. */
function downloads() {
  /** @type {Map<string, { id: string, name: string }>} */
  const begun = new Map();
  let last = 0;
  return (/** @type {string} */ text) => {
    if (!text.startsWith('{"type":"event","method":"browsingContext.download')) return text;
    const { params, ...event } = JSON.parse(text);
    if (event.method.endsWith('WillBegin')) begun.set(params.url, { id: String(++last), name: params.suggestedFilename });
    const { id, name } = begun.get(params.url) ?? { id: String(++last), name: '' };
    if (params.filepath && name) renameSync(params.filepath, join(dirname(params.filepath), name));
    return JSON.stringify({ ...event, params: { ...params, download: id } });
  };
}

/**
 * @param {number} port on which Firefox listens; it answers to no other address
 * @returns {Promise<string>} where Playwright reaches it
 */
async function between(port) {
  const server = createServer((playwright) => {
    const firefox = connect(port, '127.0.0.1');
    const head = (/** @type {string} */ text) => text.replace(/^Host: .*$/m, `Host: 127.0.0.1:${port}`);
    playwright
      .pipe(rewriting({ head, text: command }))
      .pipe(firefox)
      .pipe(rewriting({ text: downloads() }))
      .pipe(playwright);
    playwright.on('error', () => firefox.destroy());
    firefox.on('error', () => playwright.destroy());
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)));
  return `ws://127.0.0.1:${/** @type {import('node:net').AddressInfo} */ (server.address()).port}`;
}

const firefox = spawn(FIREFOX, process.argv.slice(2), { stdio: ['ignore', 'inherit', 'pipe'] });
firefox.on('exit', (code) => process.exit(code ?? 1));
createInterface(firefox.stderr).on('line', async (line) => {
  const [announcement, port] = /^WebDriver BiDi listening on ws:\/\/.*:(\d+)$/.exec(line) ?? [];
  process.stderr.write(announcement ? `WebDriver BiDi listening on ${await between(Number(port))}\n` : `${line}\n`);
});
