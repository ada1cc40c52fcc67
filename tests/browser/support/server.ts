/** The page's own server, with a log, and with faults that a test orders. */
import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { files } from '../../../www/serve.mjs';

/**
 * `corrupt`: one byte differs. `truncate`: a complete answer, half as long. `cut`: the connection breaks in the
 * middle. `stall`: half the file comes, the rest on `release`. `missing`: 404. `busy`: 503.
 */
export type Fault = 'corrupt' | 'truncate' | 'cut' | 'stall' | 'missing' | 'busy';

export interface Logged {
  method: string;
  path: string;
  /** Length of the request's body. */
  bytes: number;
  /** Paths whose answers were under way when this one was asked for, and its own. */
  open: string[];
}

export class TestServer {
  readonly log: Logged[] = [];
  readonly origin: string;
  private readonly faults: { pattern: RegExp; fault: Fault; times: number }[] = [];
  private readonly added = new Map<string, Buffer>();
  private readonly stalled: (() => void)[] = [];
  private readonly underWay = new Set<Logged>();
  private readonly changes: { pattern: RegExp; change: (script: string) => string }[] = [];
  private readonly serve: ReturnType<typeof files>;

  private constructor(
    private readonly folder: string,
    private readonly prefix: string,
    private readonly server: Server,
  ) {
    this.serve = files(folder);
    this.origin = `http://localhost:${(server.address() as AddressInfo).port}`;
    server.on('request', (request: IncomingMessage, response: ServerResponse) => void this.answer(request, response));
  }

  /** @param prefix folder of the site that the page lies in, beginning and ending with a slash */
  static async start(folder: string, prefix = '/'): Promise<TestServer> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new TestServer(folder, prefix, server);
  }

  get url(): string {
    return this.origin + this.prefix;
  }

  /** From now on, so many answers for paths that match go wrong. */
  break(pattern: RegExp, fault: Fault, times = Infinity): void {
    this.faults.push({ pattern, fault, times });
  }

  /** Files of the site beside those of its folder, or in their place, by path. */
  add(files: ReadonlyMap<string, Buffer>): void {
    for (const [path, bytes] of files) this.added.set(this.prefix + path, bytes);
  }

  /** Lets stalled answers go on, the oldest first. */
  release(count = Infinity): void {
    for (const go of this.stalled.splice(0, count)) go();
  }

  /** How many answers for such paths were ever under way together. */
  mostAtOnce(pattern: RegExp): number {
    return Math.max(
      0,
      ...this.log.filter(({ path }) => pattern.test(path)).map(({ open }) => open.filter((path) => pattern.test(path)).length),
    );
  }

  mend(): void {
    this.faults.length = 0;
  }

  /** Puts `script` before the scripts whose path matches. */
  prepend(pattern: RegExp, script: string): void {
    this.rewrite(pattern, (text) => `${script}\n${text}`);
  }

  /** Hands out scripts whose path matches in a changed form. */
  rewrite(pattern: RegExp, change: (script: string) => string): void {
    this.changes.push({ pattern, change });
  }

  /** Paths asked for since the log was last emptied. */
  asked(pattern: RegExp): string[] {
    return this.log.map(({ path }) => path).filter((path) => pattern.test(path));
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = new URL(request.url ?? '/', this.origin).pathname;
    const entry: Logged = { method: request.method ?? '', path, bytes: 0, open: [...[...this.underWay].map((other) => other.path), path] };
    this.log.push(entry);
    this.underWay.add(entry);
    response.on('close', () => this.underWay.delete(entry));
    request.on('data', (piece: Buffer) => (entry.bytes += piece.length));
    if (!path.startsWith(this.prefix)) {
      response.writeHead(404).end();
      return;
    }
    request.url = `/${(request.url ?? '').slice(this.prefix.length)}`;
    const order = this.faults.find(({ pattern, times }) => times > 0 && pattern.test(path));
    if (order) order.times--;
    const change = this.changes.find(({ pattern }) => pattern.test(path))?.change;
    if (order?.fault === 'missing') response.writeHead(404).end();
    else if (order?.fault === 'busy') response.writeHead(503).end();
    else if (order) await this.spoil(request, response, order.fault);
    else if (this.added.has(path)) response.writeHead(200, { 'Cache-Control': 'no-store' }).end(this.added.get(path));
    else if (change) await this.alter(request, response, change);
    else await this.serve(request, response);
  }

  private async spoil(request: IncomingMessage, response: ServerResponse, fault: Fault): Promise<void> {
    const path = new URL(request.url ?? '/', this.origin).pathname.slice(1);
    const bytes = Buffer.from(this.added.get(this.prefix + path) ?? (await readFile(join(this.folder, path))));
    const middle = bytes.length >> 1;
    const type = { 'Content-Type': 'application/octet-stream', 'Cache-Control': 'no-store' };
    if (fault === 'corrupt') {
      bytes[middle]! ^= 0x55;
      response.writeHead(200, type).end(bytes);
    } else if (fault === 'truncate') {
      response.writeHead(200, type).end(bytes.subarray(0, middle));
    } else {
      response.writeHead(200, { ...type, 'Content-Length': bytes.length });
      response.write(bytes.subarray(0, middle), () => fault === 'cut' && response.destroy());
      if (fault === 'stall') this.stalled.push(() => response.end(bytes.subarray(middle)));
    }
  }

  private async alter(request: IncomingMessage, response: ServerResponse, change: (script: string) => string): Promise<void> {
    const text = await readFile(join(this.folder, new URL(request.url ?? '/', this.origin).pathname), 'utf8');
    response.writeHead(200, { 'Content-Type': 'text/javascript', 'Cache-Control': 'no-store' }).end(change(text));
  }
}
