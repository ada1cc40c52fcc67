/** Every piece of code in the documentation and in both README files does what its page says. */
import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, statSync, symlinkSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join, resolve } from 'node:path';
import { expect, test, type Page } from '@playwright/test';
import { files } from '../../../www/serve.mjs';
import { clip } from '../support/clip.ts';
import { DIST, FAKE_DIST, FIXTURES, IMAGES } from '../support/folders.ts';
import { ROOT, snippets, title } from './snippets.ts';

const CUP = join(FIXTURES, 'cup-16x16.png');
const servers: Server[] = [];

test.afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
  }
});

/** Paths that snippets name, as paths of the built page. */
const PLACES: [RegExp, string][] = [
  [/^\/resshift-web\/dist\//, '/resshift/'],
  [/^\/models\/mine\//, '/resshift/models/compact/'],
  [/^\/models\//, '/resshift/models/'],
];

/**
 * The built page's folder, and the pages and files given.
 * @param headers as a function of the path
 * @returns the origin
 */
async function serve({
  folder = DIST,
  own = {},
  headers = () => ({}),
}: {
  folder?: string;
  own?: Record<string, string | Buffer>;
  headers?: (path: string) => Record<string, string>;
} = {}): Promise<string> {
  const answer = files(folder);
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? '/', 'http://localhost').pathname;
    for (const [name, value] of Object.entries(headers(path))) response.setHeader(name, value);
    const body = own[path];
    if (body !== undefined) {
      const type = path.endsWith('.html') ? 'text/html; charset=utf-8' : path.endsWith('.js') ? 'text/javascript' : 'image/png';
      response.writeHead(200, { 'Content-Type': type }).end(body);
      return;
    }
    const [from, to] = PLACES.find(([place]) => place.test(path)) ?? [/$^/, ''];
    request.url = path.replace(from, to);
    void answer(request, response);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  servers.push(server);
  return `http://localhost:${(server.address() as AddressInfo).port}`;
}

const MAP =
  '<script type="importmap">{"imports":{"resshift-web":"./resshift/index.js","resshift-web/element":"./resshift/element.js","resshift-web/nano":"./resshift/nano.js","resshift-web/languages/es":"./resshift/languages/es.js"}}</script>';
const html = (body: string): string =>
  `<!doctype html><html lang="en"><title>Snippet</title><link rel="icon" href="data:,">${MAP}<body>${body}`;

/** Listens for what must not be there. */
function errors(page: Page): string[] {
  const found: string[] = [];
  page.on('console', (message) => ['error', 'assert'].includes(message.type()) && found.push(message.text()));
  page.on('pageerror', (error) => found.push(String(error)));
  return found;
}

/** Sites of examples are servers of the test. */
async function atHome(text: string): Promise<string> {
  if (!/https:\/\/\w+\.example/.test(text)) return text;
  const elsewhere = await serve({ headers: () => ({ 'Access-Control-Allow-Origin': '*' }) });
  return text.replaceAll(/https:\/\/\w+\.example/g, elsewhere);
}

for (const snippet of snippets('script')) {
  test(title(snippet), async ({ page }) => {
    const wrong = errors(page);
    const said: string[] = [];
    page.on('console', (message) => said.push(message.text()));
    page.on('dialog', (dialog) => void dialog.accept());
    // An import takes whole checkpoints: `import.spec.ts` makes them, here a stand-in takes the call.
    const folder = snippet.text.includes('importModel') ? FAKE_DIST : DIST;
    const script = `${await atHome(snippet.text)}\nglobalThis.finished = true;`;
    // What the pages introduce as being there: elements by their `id`, and files.
    const origin = await serve({
      folder,
      own: {
        '/snippet.js': script,
        '/cup.png': readFileSync(CUP),
        '/clip.webm': clip(readFileSync(join(IMAGES, 'lossy.webp')), 3, 40),
        '/snippet.html':
          html(`<img id="image" alt=""><canvas id="canvas" width="64" height="64"></canvas><progress id="progress"></progress><button id="button">Stop</button><video id="video" muted></video>
        <script type="module">
          globalThis.file = new File([await (await fetch('cup.png')).arrayBuffer()], 'cup.png');
          ${snippet.text.includes('video.') ? "video.src = URL.createObjectURL(await (await fetch('clip.webm')).blob()); await new Promise((done) => (video.onloadeddata = done));" : ''}
          ${snippet.text.includes('listModels') ? "await (await import('resshift-web')).Upscaler.preload();" : ''}
          Object.assign(globalThis, { files: [file, file], unetFile: file, autoencoderFile: file, context: canvas.getContext('2d') });
          const script = document.createElement('script');
          Object.assign(script, { type: 'module', src: 'snippet.js' });
          document.head.append(script);
        </script>`),
      },
    });
    await page.goto(`${origin}/snippet.html`);
    await page.waitForFunction(() => 'finished' in globalThis, undefined, { timeout: 60_000 }).catch(() => wrong.push('did not finish'));
    expect(wrong).toEqual([]);

    const seen = await page.evaluate(async () => {
      const [image, canvas] = [document.querySelector('img')!, document.querySelector('canvas')!];
      if (image.src) await image.decode();
      const pixels = canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height).data;
      return { image: image.naturalWidth, canvas: pixels.filter((_, index) => index % 4 === 3).every((alpha) => alpha === 255) };
    });
    const { text } = snippet;
    if (text.includes('image.src')) expect(seen.image).toBe(text.includes('scale: 2') ? 32 : 64);
    if (text.includes('context')) expect(seen.canvas, 'the canvas is painted all over').toBe(true);
    if (/console\.log\((?!'no)/.test(text)) expect(said.length, 'what it logs').toBeGreaterThan(0);
    expect(/image\.src|context|console|results|mirrors|importModel/.test(text), 'something to see of it').toBe(true);
  });
}

for (const snippet of snippets('markup')) {
  test(title(snippet), async ({ page }) => {
    const wrong = errors(page);
    const origin = await serve({ own: { '/snippet.html': html(await atHome(snippet.text)), '/photo.jpg': readFileSync(CUP) } });
    await page.goto(`${origin}/snippet.html`);
    await page.waitForFunction(() => customElements.get('resshift-upscaler'), undefined, { timeout: 20_000 });
    if (snippet.text.includes('cdn/'))
      expect(await page.evaluate(() => typeof (globalThis as Record<string, any>)['ResShift'].Upscaler.create)).toBe('function');
    const element = page.locator('resshift-upscaler');
    if ((await element.count()) > 0) {
      if (snippet.text.includes('controls')) await page.getByRole('button', { name: 'Upscale' }).click();
      await expect(page.getByRole('status')).toHaveText('64 × 64 pixels', { timeout: 60_000 });
    } else {
      expect(snippet.text).toMatch(/^<script[^>]*><\/script>$/);
    }
    expect(wrong).toEqual([]);
  });
}

test('headers of a server let the package run, also those of another site', async ({ page }) => {
  const given = snippets('headers');
  expect(given.length).toBeGreaterThanOrEqual(4);
  const sent = new Set<string>();
  /** The headers of all snippets, each for the paths that it is for. */
  const headers = (path: string, other: boolean): Record<string, string> =>
    Object.fromEntries(
      given.flatMap(({ name, text }) => {
        const place = new RegExp(`${name.replaceAll('.', '\\.').replaceAll('*', '[^/]*')}$`);
        return !place.test(path)
          ? []
          : text
              .split('\n')
              .map((line) => {
                const [key = '', ...value] = line.split(': ');
                return [key, value.join(': ')] as const;
              })
              .filter(([key]) => other === key.startsWith('Access-Control') || key === 'Cache-Control')
              .map((header) => {
                sent.add(header.join(': '));
                return header;
              });
      }),
    );
  const script = (options: string): string => `import { Upscaler } from './resshift/index.js';
    const upscaler = await Upscaler.create(${options});
    const { width } = await upscaler.upscale(new ImageData(8, 8), { steps: 1 });
    globalThis.width = width;`;
  const other = await serve({ headers: (path) => headers(path, true) });
  const body = '<!doctype html><html lang="en"><title>Headers</title><script type="module" src="snippet.js"></script>';
  const wrong = errors(page);
  const run = async (options: string, allowed: (policy: string) => string): Promise<number> => {
    const origin = await serve({
      own: { '/snippet.html': body, '/snippet.js': script(options), '/favicon.ico': '' },
      headers: (path) =>
        Object.fromEntries(
          Object.entries(headers(path, false)).map(([key, value]) => [key, key.startsWith('Content-Security') ? allowed(value) : value]),
        ),
    });
    await page.goto(`${origin}/snippet.html`);
    await page.waitForFunction(() => 'width' in globalThis, undefined, { timeout: 60_000 }).catch(() => undefined);
    return page.evaluate(() => (globalThis as unknown as { width: number }).width);
  };
  expect(await run('', (policy) => policy)).toBe(32);
  expect(
    await run(`{ baseUrl: '${other}/resshift/' }`, (policy) => policy.replace("connect-src 'self'", `connect-src 'self' ${other}`)),
  ).toBe(32);
  expect(wrong).toEqual([]);
  expect([...sent].sort(), 'every header was sent').toEqual([...new Set(given.flatMap(({ text }) => text.split('\n')))].sort());
});

/** The command line, as the native tests have built it. */
const BINARY = process.env['RESSHIFT'] ?? resolve(ROOT, process.env['CARGO_TARGET_DIR'] ?? 'target', 'release/resshift');

/** What is done with a line of a shell, by its first words; a line that fits none fails. */
const COMMANDS: [RegExp, (folder: string, words: string[]) => void][] = [
  [
    /^\.\/build\.sh /,
    (_, [, command = '']) => {
      expect(execFileSync('bash', [join(ROOT, 'build.sh'), 'help'], { encoding: 'utf8' })).toMatch(new RegExp(`build\\.sh ${command}\\b`));
    },
  ],
  [
    /^npm (pack|install) /,
    (folder, [command = '', ...given]) => {
      execFileSync(command, given, {
        cwd: folder,
        stdio: 'pipe',
        env: { ...process.env, npm_config_offline: 'true', npm_config_audit: 'false', npm_config_ignore_scripts: 'true' },
      });
      if (given[0] === 'install') expect(statSync(join(folder, 'node_modules/resshift-web/dist/index.js')).size).toBeGreaterThan(1000);
    },
  ],
  [
    /^(cargo run --release -- |resshift )upscale /,
    (folder, words) => {
      const given = words.slice(words.indexOf('upscale'));
      execFileSync(BINARY, [...given, '--device', 'cpu', '--steps', '1'], { cwd: folder, stdio: 'pipe' });
      expect(statSync(join(folder, given[given.indexOf('-o') + 1]!)).size).toBeGreaterThan(100);
    },
  ],
  [
    /^(cargo run --release -- |resshift )eval /,
    (folder, words) => {
      const given = words.slice(words.indexOf('eval'));
      for (const set of given.filter((word) => word.startsWith('Set'))) {
        mkdirSync(join(folder, set));
        copyFileSync(join(FIXTURES, 'cup-40x32.png'), join(folder, set, 'cup.png'));
      }
      execFileSync(BINARY, [...given, '--device', 'cpu'], { cwd: folder, stdio: 'pipe' });
    },
  ],
  // The authors' files are not here: all that can be wrong then is that they are not.
  [
    /^resshift convert /,
    (folder, [, ...given]) => {
      const { status, stderr } = spawnSync(BINARY, given, { cwd: folder, encoding: 'utf8' });
      expect(status).not.toBe(0);
      expect(stderr).toContain(given[given.indexOf('--unet') + 1]);
    },
  ],
];

for (const snippet of snippets('commands')) {
  test(title(snippet), async ({}, testInfo) => {
    mkdirSync(testInfo.outputDir, { recursive: true });
    const folder = mkdtempSync(join(testInfo.outputDir, 'shell-'));
    copyFileSync(CUP, join(folder, 'photo.jpg'));
    for (const name of ['models', 'metrics']) symlinkSync(join(ROOT, name), join(folder, name));
    if (snippet.text.includes('npm ')) {
      symlinkSync(join(ROOT, 'npm'), join(folder, 'npm'));
      execFileSync('npm', ['init', '--yes'], { cwd: folder, stdio: 'pipe' });
    }
    for (const line of snippet.text.split('\n')) {
      const command = line.replace(/\s+#.*$/, '');
      const [, run] = COMMANDS.find(([start]) => start.test(command)) ?? [];
      if (!run) throw new Error(`nothing knows how to run: ${line}`);
      if (/resshift|cargo run/.test(command.split(' ').slice(0, 2).join(' ')))
        expect(existsSync(BINARY), `${BINARY}: build it with cargo build --release`).toBe(true);
      run(folder, command.split(' '));
    }
  });
}
