/**
 * Firefox and WebKit as a distribution packages them, driven by what they bring along: Firefox's Marionette and WebKitGTK's driver
 * take the same commands, one over a socket, the other over HTTP.
 */
import { spawn, type ChildProcess, type StdioOptions } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

/** Key of an element's reference, in both protocols. */
const ELEMENT = 'element-6066-11e4-a52e-4f735466cecf';
/** Longest that a browser takes to start, or a script to end, in milliseconds. */
const PATIENCE = 120_000;

type Json = Record<string, unknown>;
/** Sends a command; its answer, or an error of that name. */
type Send = (name: keyof typeof COMMANDS, parameters?: Json) => Promise<unknown>;

/** Marionette's name for a command, and its path in WebDriver. */
const COMMANDS = {
  begin: ['WebDriver:NewSession', ''],
  patience: ['WebDriver:SetTimeouts', '/timeouts'],
  goto: ['WebDriver:Navigate', '/url'],
  run: ['WebDriver:ExecuteAsyncScript', '/execute/async'],
  find: ['WebDriver:FindElement', '/element'],
  type: ['WebDriver:ElementSendKeys', '/element/:id/value'],
  click: ['WebDriver:ElementClick', '/element/:id/click'],
} as const;

export interface Engine {
  name: string;
  /** What has to be there to run it. */
  files: readonly string[];
  start(): Promise<Browser>;
}

export class Browser {
  constructor(readonly version: string, private readonly send: Send, private readonly end: () => Promise<void>) {}

  async goto(url: string): Promise<void> {
    await this.send('goto', { url });
  }

  /** Runs a function in the page; it knows nothing of this file. */
  async evaluate<A extends unknown[], R>(work: (...given: A) => R | Promise<R>, ...given: A): Promise<R> {
    const script = `const end = arguments[arguments.length - 1];
      (async () => (${work}).apply(null, Array.from(arguments).slice(0, -1)))().then((value) => end({ value }), (error) => end({ error: String(error) }));`;
    const { value, error } = (await this.send('run', { script, args: given })) as { value?: R; error?: string };
    if (error !== undefined) throw new Error(error);
    return value as R;
  }

  async click(selector: string): Promise<void> {
    await this.send('click', { id: await this.find(selector) });
  }

  /** Gives a file to an input. */
  async choose(selector: string, path: string): Promise<void> {
    await this.send('type', { id: await this.find(selector), text: path });
  }

  async close(): Promise<void> {
    await this.end();
  }

  private async find(value: string): Promise<string> {
    return ((await this.send('find', { using: 'css selector', value })) as Record<string, string>)[ELEMENT]!;
  }
}

const FIREFOX = '/usr/bin/firefox-esr';
const WEBKIT_DRIVER = '/usr/bin/WebKitWebDriver';
/** Beside the library, whose version it belongs to. */
const MINI_BROWSER = ['x86_64', 'aarch64'].flatMap((machine) => ['webkitgtk-6.0', 'webkit2gtk-4.1', 'webkit2gtk-4.0']
  .map((library) => `/usr/lib/${machine}-linux-gnu/${library}/MiniBrowser`)).find(existsSync) ?? 'MiniBrowser';
const XVFB = '/usr/bin/Xvfb';

export const ENGINES: readonly Engine[] = [
  { name: 'Firefox', files: [FIREFOX], start: startFirefox },
  { name: 'WebKitGTK', files: [WEBKIT_DRIVER, MINI_BROWSER, XVFB], start: startWebKit },
];

async function startFirefox(): Promise<Browser> {
  const profile = await mkdtemp(join(tmpdir(), 'firefox-'));
  // Nothing that a browser asks the world for by itself.
  await writeFile(join(profile, 'user.js'), ['marionette.port 0', 'app.normandy.enabled false', 'browser.shell.checkDefaultBrowser false', 'datareporting.policy.dataSubmissionEnabled false']
    .map((line) => line.split(' ')).map(([name, value]) => `user_pref("${name}", ${value});\n`).join(''));
  const firefox = start(FIREFOX, ['--headless', '--marionette', '--no-remote', '--profile', profile]);
  const end = async (): Promise<void> => {
    await stop(firefox);
    await rm(profile, { recursive: true, force: true });
  };
  try {
    const port = await until(async () => Number(await readFile(join(profile, 'MarionetteActivePort'), 'utf8')));
    const command = marionette(connect(port, '127.0.0.1'));
    const send: Send = async (name, parameters = {}) => {
      const answer = (await command(COMMANDS[name][0], parameters)) as Json | null;
      return answer !== null && 'value' in answer ? answer['value'] : answer;
    };
    const { capabilities } = (await send('begin', { capabilities: {} })) as { capabilities: { browserVersion: string } };
    await send('patience', { script: PATIENCE });
    return new Browser(capabilities.browserVersion, send, end);
  } catch (error) {
    await end();
    throw error;
  }
}

/** Messages are JSON arrays, each after its length in bytes and a colon. */
function marionette(socket: Socket): (name: string, parameters: Json) => Promise<unknown> {
  const waiting = new Map<number, { resolve: (answer: unknown) => void; reject: (error: Error) => void }>();
  let pending = Buffer.alloc(0);
  let last = 0;
  socket.on('data', (bytes) => {
    pending = Buffer.concat([pending, bytes]);
    for (;;) {
      const colon = pending.indexOf(':');
      const end = colon + 1 + Number(pending.subarray(0, Math.max(colon, 0)).toString());
      if (colon < 0 || pending.length < end) return;
      const message = JSON.parse(pending.subarray(colon + 1, end).toString()) as [number, number, { error: string; message: string } | null, unknown];
      pending = pending.subarray(end);
      // Firefox speaks first, of itself.
      if (!Array.isArray(message)) continue;
      const [, id, error, answer] = message;
      if (error) waiting.get(id)?.reject(new Error(`${error.error}: ${error.message}`));
      else waiting.get(id)?.resolve(answer);
      waiting.delete(id);
    }
  });
  const lost = (): void => waiting.forEach(({ reject }) => reject(new Error('Firefox has ended')));
  socket.on('close', lost).on('error', lost);
  return (name, parameters) => new Promise((resolve, reject) => {
    const text = JSON.stringify([0, ++last, name, parameters]);
    waiting.set(last, { resolve, reject });
    socket.write(`${Buffer.byteLength(text)}:${text}`);
  });
}

async function startWebKit(): Promise<Browser> {
  const screen = start(XVFB, ['-displayfd', '3', '-screen', '0', '1280x800x24', '-nolisten', 'tcp'], {}, ['ignore', 'ignore', 'ignore', 'pipe']);
  const display = await new Promise<string>((resolve) => (screen.stdio[3] as NodeJS.ReadableStream).once('data', (line) => resolve(`:${String(line).trim()}`)));
  const port = await freePort();
  const driver = start(WEBKIT_DRIVER, [`--port=${port}`], {
    DISPLAY: display, GDK_BACKEND: 'x11', NO_AT_BRIDGE: '1', WEBKIT_DISABLE_COMPOSITING_MODE: '1', WEBKIT_DISABLE_DMABUF_RENDERER: '1',
  });
  let session = '';
  const ask = async (method: string, path: string, parameters?: Json): Promise<unknown> => {
    const body = parameters ? JSON.stringify(parameters) : null;
    const response = await fetch(`http://127.0.0.1:${port}/session${session}${path}`, { method, body });
    const { value } = (await response.json()) as { value: { error?: string; message?: string } };
    if (!response.ok) throw new Error(`${value.error}: ${value.message}`);
    return value;
  };
  const send: Send = (name, { id, ...rest } = {}) => ask('POST', COMMANDS[name][1].replace(':id', String(id)), rest);
  const end = async (): Promise<void> => {
    if (session) await ask('DELETE', '').catch(() => undefined);
    await stop(driver);
    await stop(screen);
  };
  try {
    const options = { 'webkitgtk:browserOptions': { binary: MINI_BROWSER, args: ['--automation'] } };
    await until(() => new Promise<void>((resolve, reject) => connect(port, '127.0.0.1', resolve).on('error', reject).unref()));
    const { sessionId, capabilities } = (await send('begin', { capabilities: { alwaysMatch: options } })) as {
      sessionId: string; capabilities: { browserVersion: string };
    };
    session = `/${sessionId}`;
    await send('patience', { script: PATIENCE });
    return new Browser(capabilities.browserVersion, send, end);
  } catch (error) {
    await end();
    throw error;
  }
}

function start(file: string, args: string[], variables: Record<string, string> = {}, stdio: StdioOptions = 'ignore'): ChildProcess {
  return spawn(file, args, { env: { ...process.env, ...variables }, stdio });
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill();
  const timer = setTimeout(() => child.kill('SIGKILL'), 5000);
  await gone;
  clearTimeout(timer);
}

/** Tries until it succeeds. */
async function until<T>(attempt: () => Promise<T>): Promise<T> {
  for (const end = Date.now() + PATIENCE; ; await pause(50)) {
    try {
      return await attempt();
    } catch (error) {
      if (Date.now() > end) throw error;
    }
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
