/**
 * A model of full size (118.6 million numbers in the UNet, 55.3 million in the autoencoder) in the browser, with the
 * limits that every WebGPU device has. It takes minutes and is left out unless it is asked for:
 *
 *   FULL_SIZE=/tmp/full-size cargo test --release --test full_size -- --ignored
 *   FULL_SIZE=/tmp/full-size npx playwright test --config tests/browser/playwright.config.ts full-size --workers 1
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import { FIND_MEMORY } from '../support/engine-memory.ts';
import { expect, test } from '../support/fixtures.ts';
import type { TestServer } from '../support/server.ts';

const FOLDER = process.env['FULL_SIZE'];
const MIB = 1 << 20;
/** What the engine may need beside the 9 MiB of shards in memory, so that both together are two of the largest shards. */
const BESIDE = 7 * MIB;

test.skip(FOLDER === undefined, 'FULL_SIZE names no model folder');

/** Runs in the worker before the engine: the limits of every device, and how much is allocated under them. */
const COUNTER = `{
  const told = { live: 0, peak: 0, buffer: 0, binding: 0, wasm: 0, delivered: 0 };
  const { postMessage } = self;
  // The last shard has come; now the networks are built.
  self.postMessage = (message, transfer) => {
    if (message.progress?.phase === 'weights') told.delivered = memory.buffer.byteLength;
    postMessage.call(self, message, transfer);
  };
  const channel = new BroadcastChannel('full-size');
  channel.onmessage = ({ data }) => data === 'tell' && channel.postMessage({ ...told, wasm: memory?.buffer.byteLength ?? 0 });
  ${FIND_MEMORY}
  const limits = Object.getOwnPropertyDescriptor(GPUAdapter.prototype, 'limits').get;
  const max = { maxBufferSize: 256 << 20, maxStorageBufferBindingSize: 128 << 20 };
  Object.defineProperty(GPUAdapter.prototype, 'limits', {
    configurable: true,
    get() {
      return new Proxy(limits.call(this), { get: (real, name) => (name in max ? Math.min(max[name], real[name]) : real[name]) });
    },
  });
  const { createBuffer, createBindGroup } = GPUDevice.prototype;
  const { destroy } = GPUBuffer.prototype;
  const gone = new WeakSet();
  // What the engine drops is freed with the browser's next collection.
  const collected = new FinalizationRegistry((size) => (told.live -= size));
  GPUDevice.prototype.createBuffer = function (wanted) {
    told.buffer = Math.max(told.buffer, wanted.size);
    told.peak = Math.max(told.peak, (told.live += wanted.size));
    const buffer = createBuffer.call(this, wanted);
    collected.register(buffer, wanted.size, buffer);
    return buffer;
  };
  GPUBuffer.prototype.destroy = function () {
    if (!gone.has(this)) told.live -= this.size;
    gone.add(this);
    collected.unregister(this);
    destroy.call(this);
  };
  GPUDevice.prototype.createBindGroup = function (wanted) {
    for (const { resource } of wanted.entries) {
      if (resource.buffer) told.binding = Math.max(told.binding, resource.size ?? resource.buffer.size - (resource.offset ?? 0));
    }
    return createBindGroup.call(this, wanted);
  };
}`;

interface Told {
  /** Bytes of GPU buffers now, and the maximum so far. */
  live: number;
  peak: number;
  /** The largest buffer and the largest binding. */
  buffer: number;
  binding: number;
  /** The engine's memory, and what it was when the last shard had come. */
  wasm: number;
  delivered: number;
}

function serve(server: TestServer): { shards: string[]; bytes: number } {
  const names = readdirSync(FOLDER!);
  server.add(new Map(names.map((name) => [`resshift/models/full/${name}`, readFileSync(join(FOLDER!, name))])));
  server.prepend(/worker\.js$/, COUNTER);
  const { shards, bytes } = JSON.parse(readFileSync(join(FOLDER!, 'model.json'), 'utf8')) as { shards: { name: string }[]; bytes: number };
  return { shards: shards.map(({ name }) => name), bytes };
}

/** Loads the model and says how long it took, what the engine's memory grew by, and what the GPU holds. */
function load(page: Page, device: 'cpu' | 'webgpu') {
  return page.evaluate(async (device) => {
    const { Upscaler } = (await import(new URL('resshift/index.js', location.href).href)) as typeof import('resshift-web');
    const channel = new BroadcastChannel('full-size');
    const ask = () =>
      new Promise<Told>((resolve) => {
        channel.onmessage = ({ data }) => resolve(data as Told);
        channel.postMessage('tell');
      });
    let before: Promise<Told> | undefined;
    let begun = 0;
    const upscaler = await Upscaler.create({
      model: 'full',
      device,
      onProgress: ({ phase }) => {
        if (phase !== 'weights' || before) return;
        begun = performance.now();
        before = ask();
      },
    });
    const seconds = (performance.now() - begun) / 1000;
    const [first, after] = [await before!, await ask()];
    Object.assign(globalThis, { upscaler });
    return {
      seconds,
      grown: after.wasm - first.wasm,
      delivering: after.delivered - first.wasm,
      ...after,
      warnings: upscaler.warnings.map(({ message }) => message),
    };
  }, device);
}

/** The page's process's own memory while `work` goes on: how much more than before, at most and at the end, in bytes. */
async function watchMemory<T>(pid: number, work: Promise<T>): Promise<{ result: T; peak: number; end: number }> {
  const own = (): number => Number(/RssAnon:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) * 1024;
  const before = own();
  let peak = 0;
  const clock = setInterval(() => (peak = Math.max(peak, own() - before)), 5);
  try {
    return { result: await work, peak, end: own() - before };
  } finally {
    clearInterval(clock);
  }
}

/** The process that runs the page. */
async function processOf(page: Page): Promise<number> {
  const session = await page.context().browser()!.newBrowserCDPSession();
  const { processInfo } = await session.send('SystemInfo.getProcessInfo');
  const renderers = processInfo.filter(({ type }) => type === 'renderer');
  return renderers.sort((a, b) => b.cpuTime - a.cpuTime)[0]!.id;
}

test('loading: time beside a plain fetch, and memory', async ({ page, server }) => {
  test.setTimeout(600_000);
  const { shards, bytes } = serve(server);
  await page.goto(server.url);
  const fetched = await page.evaluate(
    async (urls) => {
      const begun = performance.now();
      const queue = urls.values();
      const line = async () => {
        for (const url of queue) await (await fetch(url, { cache: 'no-store' })).arrayBuffer();
      };
      await Promise.all([line(), line(), line(), line()]);
      return (performance.now() - begun) / 1000;
    },
    shards.map((name) => `resshift/models/full/${name}`),
  );
  console.log(`${(bytes / 1e6).toFixed(1)} MB in ${shards.length} shards; plain fetch ${fetched.toFixed(2)} s`);
  for (const visit of ['cold', 'warm']) {
    await page.reload();
    const pid = await processOf(page);
    server.log.length = 0;
    const { result: told, peak, end } = await watchMemory(pid, load(page, 'webgpu'));
    const mb = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;
    console.log(
      `${visit}: ${told.seconds.toFixed(2)} s, ${(told.seconds / fetched).toFixed(1)} x the plain fetch; engine's memory + ${mb(told.delivering)}, with the networks + ${mb(told.grown)}; page's process at most + ${mb(peak)}, at the end + ${mb(end)}; GPU ${mb(told.live)}, at most ${mb(told.peak)}`,
    );
    expect(server.asked(/\.safetensors$/)).toHaveLength(visit === 'cold' ? shards.length : 0);
    expect(told.warnings).toEqual([]);
    // The weights lie on the GPU, so all that the engine's memory grows by is above the model.
    expect(told.grown).toBeLessThanOrEqual(BESIDE);
    expect(told.buffer).toBeLessThanOrEqual(256 * MIB);
    expect(told.binding).toBeLessThanOrEqual(128 * MIB);
  }
});

test('one step of the UNet at 64 x 64', async ({ page, server }) => {
  test.setTimeout(3_600_000);
  serve(server);
  await page.goto(server.url);
  const loaded = await load(page, 'webgpu');
  const seconds = await page.evaluate(async () => {
    const { upscaler } = globalThis as unknown as { upscaler: import('resshift-web').Upscaler };
    const picture = new ImageData(
      Uint8ClampedArray.from({ length: 64 * 64 * 4 }, (_, i) => (i * 7919) % 256),
      64,
      64,
    );
    const end = new AbortController();
    const begun = performance.now();
    let stepped = 0;
    await upscaler
      .upscale(picture, {
        steps: 1,
        signal: end.signal,
        onProgress: () => {
          stepped = (performance.now() - begun) / 1000;
          end.abort();
        },
      })
      .catch((error: Error) => {
        if (error.name !== 'AbortError') throw error;
      });
    return stepped;
  });
  const told = await page.evaluate(
    () =>
      new Promise<Told>((resolve) => {
        const channel = new BroadcastChannel('full-size');
        channel.onmessage = ({ data }) => resolve(data as Told);
        channel.postMessage('tell');
      }),
  );
  const mib = (bytes: number): string => `${(bytes / MIB).toFixed(1)} MiB`;
  console.log(
    `encoding and one step: ${seconds.toFixed(0)} s; GPU after loading ${mib(loaded.live)}, at most ${mib(told.peak)}; largest buffer ${mib(told.buffer)}, largest binding ${mib(told.binding)}`,
  );
  expect(seconds).toBeGreaterThan(0);
  expect(told.buffer).toBeLessThanOrEqual(256 * MIB);
  expect(told.binding).toBeLessThanOrEqual(128 * MIB);
});
