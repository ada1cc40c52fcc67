/** A GPUDevice of the page's own, lent to the engine: here one of an adapter that runs on the CPU, so tiny sizes only. */
import { readFileSync } from 'node:fs';
import type { Page } from '@playwright/test';
import { expect, fixture, test } from '../support/fixtures.ts';

const CUP = readFileSync(fixture('cup-16x16.png')).toString('base64');

/** What the tests do in a page or in a worker of it. */
const HOST = `
const address = new URL('/resshift/index.js', location.origin).href;
export const { Upscaler } = await import(address);
export const cup = new Blob([Uint8Array.from(atob('${CUP}'), (c) => c.charCodeAt(0))]);

export async function newDevice() {
  return (await navigator.gpu.requestAdapter()).requestDevice();
}

export async function sha256(blob) {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', await blob.arrayBuffer()));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** Has the device double so many numbers, and says whether they came out right. */
export async function doubles(device, count = 64) {
  const module = device.createShaderModule({ code: \`
    @group(0) @binding(0) var<storage, read_write> x: array<u32>;
    @compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3<u32>) { x[id.x] = 2u * x[id.x]; }\` });
  const pipeline = device.createComputePipeline({ layout: 'auto', compute: { module, entryPoint: 'main' } });
  const buffer = device.createBuffer({ size: 4 * count, usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST | GPUBufferUsage.COPY_SRC });
  const result = device.createBuffer({ size: 4 * count, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST });
  device.queue.writeBuffer(buffer, 0, Uint32Array.from({ length: count }, (_, i) => i));
  const encoder = device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  pass.setPipeline(pipeline);
  pass.setBindGroup(0, device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries: [{ binding: 0, resource: { buffer } }] }));
  pass.dispatchWorkgroups(count / 64);
  pass.end();
  encoder.copyBufferToBuffer(buffer, 0, result, 0, 4 * count);
  device.queue.submit([encoder.finish()]);
  await result.mapAsync(GPUMapMode.READ);
  const right = new Uint32Array(result.getMappedRange()).every((value, i) => value === 2 * i);
  buffer.destroy();
  result.destroy();
  return right;
}
`;

/** A page of the server's origin with `HOST` at \`/host.js\`. */
async function visit(page: Page, server: import('../support/server.ts').TestServer, more: Record<string, string> = {}): Promise<void> {
  const pages: Record<string, [string, string]> = {
    'host.html': ['text/html', '<!doctype html><html lang="en"><title>Host</title><link rel="icon" href="data:,">'],
    'host.js': ['text/javascript', HOST],
  };
  for (const [name, script] of Object.entries(more)) pages[name] = ['text/javascript', script];
  for (const [name, [contentType, body]] of Object.entries(pages)) {
    await page.route(`${server.url}${name}`, (route) => route.fulfill({ contentType, body }));
  }
  await page.goto(`${server.url}host.html`);
}

test('the same bytes as in a worker, beside work of the page, and nothing of it is left', async ({ page, server }) => {
  await visit(page, server);
  const seen = await page.evaluate(async () => {
    const host = '/host.js';
    const { Upscaler, cup, newDevice, sha256, doubles } = await import(host);
    const alone = await Upscaler.create({ device: 'webgpu' });
    const expected = await sha256((await alone.upscale(cup, { steps: 1 })).blob);
    alone.dispose();

    const device: GPUDevice = await newDevice();
    const errors: string[] = [];
    const onError = ({ error }: GPUUncapturedErrorEvent): void => void errors.push(error.constructor.name);
    device.onuncapturederror = onError;
    const before = await doubles(device);
    // Whatever is made on the device from now on but by this page.
    const made: GPUBuffer[] = [];
    let destroyed = 0;
    const { createBuffer } = GPUDevice.prototype;
    device.createBuffer = function (descriptor) {
      const buffer = createBuffer.call(device, descriptor);
      // Kept, so that what is left is not merely collected.
      made.push(buffer);
      const { destroy } = GPUBuffer.prototype;
      let there = true;
      buffer.destroy = function () {
        if (there) destroyed++;
        there = false;
        return destroy.call(buffer);
      };
      return buffer;
    };
    const upscaler = await Upscaler.create({ gpuDevice: device });
    let running = true;
    const beside: boolean[] = [];
    const work = (async () => {
      while (running) {
        beside.push(await doubles(device));
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    })();
    const { blob } = await upscaler.upscale(cup, {
      steps: 1,
      onTile: () => {
        // A mistake of the page's, of which it alone hears: MAP_READ goes with COPY_DST only.
        device.createBuffer({ size: 4, usage: 0x81 }).destroy();
      },
    });
    running = false;
    await work;
    const { kind, reason, name } = upscaler.device;
    upscaler.dispose();
    for (let waited = 0; destroyed < made.length && waited < 10_000; waited += 50) await new Promise((resolve) => setTimeout(resolve, 50));
    return {
      same: (await sha256(blob)) === expected,
      kind,
      reason,
      named: name.length > 0,
      before,
      beside: beside.every(Boolean) && beside.length > 0,
      left: made.length - destroyed,
      some: made.length > 5,
      after: await doubles(device),
      errors,
      handler: device.onuncapturederror === onError,
      lost: await Promise.race([device.lost.then(() => true), Promise.resolve(false)]),
      untouched: !Object.hasOwn(navigator.gpu, 'requestAdapter') && /native code/.test(String(GPUAdapter.prototype.requestDevice)),
    };
  });
  expect(seen).toEqual({
    same: true,
    kind: 'webgpu',
    reason: 'asked',
    named: true,
    before: true,
    beside: true,
    left: 0,
    some: true,
    after: true,
    errors: ['GPUValidationError'],
    handler: true,
    lost: false,
    untouched: true,
  });
});

test('in a worker of the page: cancelled, run again, and two at a time', async ({ page, server }) => {
  const worker = `
    import { Upscaler, cup, newDevice, sha256, doubles } from '/host.js';
    const device = await newDevice();
    const first = await Upscaler.create({ gpuDevice: device });
    const stop = new AbortController();
    const code = await first.upscale(cup, { steps: 4, signal: stop.signal, onProgress: () => stop.abort() }).then(() => 'ran', (error) => error.name);
    const second = await Upscaler.create({ gpuDevice: device });
    const results = await Promise.all([first, second].map((upscaler) => upscaler.upscale(cup, { steps: 1 })));
    const [a, b] = await Promise.all(results.map(({ blob }) => sha256(blob)));
    first.dispose();
    const third = await Upscaler.create({ gpuDevice: device });
    const c = await sha256((await third.upscale(cup, { steps: 1 })).blob);
    const ended = await first.upscale(cup).catch((error) => error.code);
    // Not even begun.
    const halted = await Upscaler.create({ gpuDevice: device, signal: AbortSignal.abort() }).catch((error) => error.name);
    const halfway = new AbortController();
    const given = { gpuDevice: device, signal: halfway.signal, onProgress: ({ phase }) => phase === 'weights' && halfway.abort() };
    const stopped = await Upscaler.create(given).catch((error) => error.name);
    second.dispose();
    third.dispose();
    postMessage({ code, same: a === b && b === c, ended, halted, stopped, after: await doubles(device) });`;
  await visit(page, server, { 'host-worker.js': worker });
  const seen = await page.evaluate(
    () =>
      new Promise((resolve, reject) => {
        const worker = new Worker('/host-worker.js', { type: 'module' });
        worker.onmessage = ({ data }) => resolve(data);
        worker.onerror = ({ message }) => reject(new Error(message));
      }),
  );
  expect(seen).toEqual({ code: 'AbortError', same: true, ended: 'disposed', halted: 'AbortError', stopped: 'AbortError', after: true });
});

test('a device that is lost, idle or at work, is said to be; another one works; and so does what follows a trap', async ({
  page,
  server,
}) => {
  await visit(page, server);
  const seen = await page.evaluate(async () => {
    const host = '/host.js';
    const { Upscaler, cup, newDevice } = await import(host);
    const fault = (error: { name: string; code: string }): string => `${error.name} ${error.code}`;
    const busy: GPUDevice = await newDevice();
    const first = await Upscaler.create({ gpuDevice: busy });
    const during = await first.upscale(cup, { steps: 4, onProgress: () => busy.destroy() }).catch(fault);
    const again = await first.upscale(cup, { steps: 1 }).catch(fault);
    const create = await Upscaler.create({ gpuDevice: busy }).catch(fault);
    const second = await Upscaler.create({ gpuDevice: await newDevice() });
    const { width } = await second.upscale(cup, { steps: 1 });
    // As if the engine had ended in a trap that reached nobody.
    void Promise.reject(new WebAssembly.RuntimeError('unreachable'));
    await new Promise((resolve) => setTimeout(resolve));
    const after = await second.upscale(cup, { steps: 1 });
    second.dispose();
    return { during, again, create, width, after: after.width };
  });
  expect(seen).toEqual({ during: 'UpscalerError gpu', again: 'UpscalerError gpu', create: 'UpscalerError gpu', width: 64, after: 64 });
});

test('what is no device, or too small a one, is refused', async ({ page, server }) => {
  await visit(page, server);
  const seen = await page.evaluate(async () => {
    const host = '/host.js';
    const { Upscaler, newDevice } = await import(host);
    const small = { [Symbol.toStringTag]: 'GPUDevice', limits: { maxComputeInvocationsPerWorkgroup: 32 } };
    const wrong = [{ gpuDevice: {} }, { gpuDevice: await newDevice(), device: 'cpu' }, { gpuDevice: small }];
    return Promise.all(
      wrong.map((given) => Upscaler.create(given).catch((error: { code: string; message: string }) => `${error.code}: ${error.message}`)),
    );
  });
  expect(seen).toEqual([
    'bad-option: gpuDevice must be a GPUDevice; [object Object] was given.',
    'bad-option: The device cpu cannot use a gpuDevice.',
    'bad-option: gpuDevice has maxComputeInvocationsPerWorkgroup 32; it needs 64.',
  ]);
});
