/** WebKit as a distribution packages it: WebKitGTK, by the driver that it brings along. */
import { spawn, type ChildProcess, type StdioOptions } from 'node:child_process';
import { existsSync } from 'node:fs';
import { connect, createServer, type AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';

/** Key of an element's reference. */
const ELEMENT = 'element-6066-11e4-a52e-4f735466cecf';
/** Longest that a browser takes to start, or a script to end, in milliseconds. */
const TIMEOUT_MS = 120_000;

type Json = Record<string, unknown>;
/** Sends a command; its answer, or an error of that name. */
type Send = (name: keyof typeof COMMANDS, parameters?: Json) => Promise<unknown>;

const COMMANDS = {
  begin: '',
  timeouts: '/timeouts',
  goto: '/url',
  run: '/execute/async',
  find: '/element',
  type: '/element/:id/value',
  click: '/element/:id/click',
} as const;

const WEBKIT_DRIVER = '/usr/bin/WebKitWebDriver';
/** Beside the library, whose version it belongs to. */
const MINI_BROWSER =
  ['x86_64', 'aarch64']
    .flatMap((machine) =>
      ['webkitgtk-6.0', 'webkit2gtk-4.1', 'webkit2gtk-4.0'].map((library) => `/usr/lib/${machine}-linux-gnu/${library}/MiniBrowser`),
    )
    .find(existsSync) ?? 'MiniBrowser';
const XVFB = '/usr/bin/Xvfb';

/** What has to be there and is not. */
export const missing: readonly string[] = [WEBKIT_DRIVER, MINI_BROWSER, XVFB].filter((path) => !existsSync(path));

export class Browser {
  constructor(
    readonly version: string,
    private readonly send: Send,
    private readonly end: () => Promise<void>,
  ) {}

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

  /** Gives files to an input. */
  async choose(selector: string, ...paths: string[]): Promise<void> {
    await this.send('type', { id: await this.find(selector), text: paths.join('\n') });
  }

  async close(): Promise<void> {
    await this.end();
  }

  private async find(value: string): Promise<string> {
    return ((await this.send('find', { using: 'css selector', value })) as Record<string, string>)[ELEMENT]!;
  }
}

export async function startWebKit(): Promise<Browser> {
  const screen = start(XVFB, ['-displayfd', '3', '-screen', '0', '1280x800x24', '-nolisten', 'tcp'], {}, [
    'ignore',
    'ignore',
    'ignore',
    'pipe',
  ]);
  const display = await new Promise<string>((resolve) =>
    (screen.stdio[3] as NodeJS.ReadableStream).once('data', (line) => resolve(`:${String(line).trim()}`)),
  );
  const port = await freePort();
  const driver = start(WEBKIT_DRIVER, [`--port=${port}`], {
    DISPLAY: display,
    GDK_BACKEND: 'x11',
    NO_AT_BRIDGE: '1',
    WEBKIT_DISABLE_COMPOSITING_MODE: '1',
    WEBKIT_DISABLE_DMABUF_RENDERER: '1',
  });
  let session = '';
  const ask = async (method: string, path: string, parameters?: Json): Promise<unknown> => {
    const body = parameters ? JSON.stringify(parameters) : null;
    const response = await fetch(`http://127.0.0.1:${port}/session${session}${path}`, { method, body });
    const { value } = (await response.json()) as { value: { error?: string; message?: string } };
    if (!response.ok) throw new Error(`${value.error}: ${value.message}`);
    return value;
  };
  const send: Send = (name, { id, ...rest } = {}) => ask('POST', COMMANDS[name].replace(':id', String(id)), rest);
  const end = async (): Promise<void> => {
    if (session) await ask('DELETE', '').catch(() => undefined);
    await stop(driver);
    await stop(screen);
  };
  try {
    const options = { 'webkitgtk:browserOptions': { binary: MINI_BROWSER, args: ['--automation'] } };
    await until(() => new Promise<void>((resolve, reject) => connect(port, '127.0.0.1', resolve).on('error', reject).unref()));
    const { sessionId, capabilities } = (await send('begin', { capabilities: { alwaysMatch: options } })) as {
      sessionId: string;
      capabilities: { browserVersion: string };
    };
    session = `/${sessionId}`;
    await send('timeouts', { script: TIMEOUT_MS });
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
  for (const end = Date.now() + TIMEOUT_MS; ; await pause(50)) {
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
