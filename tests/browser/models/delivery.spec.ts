/** How a model of many shards comes: in parallel, piece by piece, once, and again from where it stopped. */
import type { Page } from '@playwright/test';
import { begin, errorCode, expect, finished, fixture, open, test, upscale } from '../support/fixtures.ts';
import { cutModel, type ModelFolder } from '../support/model-folder.ts';
import type { TestServer } from '../support/server.ts';
import { count, keys, spoil } from '../support/stored.ts';

const SHARDS = /\.safetensors$/;
const PHOTO = fixture('cup-16x16.png');

/** The page with its default model in many shards. */
async function openCut(page: Page, server: TestServer, model = cutModel()): Promise<ModelFolder> {
  server.add(model.files);
  await open(page, server);
  return model;
}

async function again(page: Page, server: TestServer): Promise<void> {
  server.log.length = 0;
  await page.reload();
  await expect(page.locator('body')).toHaveAttribute('data-phase', 'ready');
}

test('cold: each shard is asked for once, up to four at a time, and what was loaded is what the list says', async ({ page, server }) => {
  const model = await openCut(page, server);
  expect(model.shards.length).toBeGreaterThan(5);
  server.break(SHARDS, 'stall');
  await begin(page, { file: PHOTO, steps: 1 });
  await expect.poll(() => server.asked(SHARDS).length).toBe(4);
  await expect(page.locator('#load-text')).toHaveText(/^Weights: [1-9]\d\d kB of 8\.2 MB$/);
  // Each one that ends makes room for one more.
  for (let asked = 5; asked <= model.shards.length; asked++) {
    server.release(1);
    await expect.poll(() => server.asked(SHARDS).length).toBe(asked);
  }
  server.release();
  await finished(page);
  expect(server.mostAtOnce(SHARDS)).toBe(4);
  expect(server.asked(SHARDS).sort()).toEqual(model.shards.map((name) => `/resshift/models/compact/${name}`).sort());
  expect(await count(page, 'shards')).toBe(model.shards.length);
  expect(await count(page, 'pending')).toBe(0);
});

test('warm: no weights are asked for, and offline not even the network', async ({ page, context, server }) => {
  await openCut(page, server);
  await upscale(page, { file: PHOTO, steps: 1 });
  await page.evaluate(async () => {
    await navigator.serviceWorker.ready;
  });
  await again(page, server);
  await upscale(page, { file: PHOTO, steps: 1 });
  expect(server.asked(SHARDS)).toEqual([]);
  await expect(page.locator('#load-text')).toHaveText('ready');

  await context.setOffline(true);
  await again(page, server);
  await upscale(page, { file: PHOTO, steps: 1 });
  expect(server.asked(/resshift/)).toEqual([]);
});

test('killed in the middle: the next visit asks only for what is missing', async ({ page, server }) => {
  const model = await openCut(page, server);
  const late = model.shards.slice(-2);
  const lateOnes = new RegExp(late.join('|'));
  server.break(lateOnes, 'stall');
  await begin(page, { file: PHOTO, steps: 1 });
  await expect.poll(() => count(page, 'shards')).toBe(model.shards.length - 2);
  expect(await count(page, 'models'), 'half a model is no model').toBe(0);

  server.mend();
  await again(page, server);
  await upscale(page, { file: PHOTO, steps: 1 });
  expect(server.asked(SHARDS)).toHaveLength(2);
  expect(server.asked(lateOnes)).toHaveLength(2);
  expect(await keys(page, 'models')).toEqual(['compact']);
});

test('cancelling ends the download immediately and keeps what has arrived', async ({ page, server }) => {
  const model = await openCut(page, server);
  server.break(new RegExp(model.shards.at(-1)!), 'stall');
  await begin(page, { file: PHOTO, steps: 1 });
  await expect.poll(() => count(page, 'shards')).toBe(model.shards.length - 1);
  await page.getByRole('button', { name: 'Cancel' }).click();
  await expect(page.locator('body')).toHaveAttribute('data-phase', 'ready', { timeout: 1000 });
  server.mend();
  server.log.length = 0;
  await upscale(page, { steps: 1 });
  expect(server.asked(SHARDS)).toHaveLength(1);
});

test('a busy server is asked again after a while', async ({ page, server, tolerate }) => {
  tolerate(/Failed to load resource/);
  const model = await openCut(page, server);
  const [name] = model.shards;
  server.break(new RegExp(name!), 'busy', 2);
  await upscale(page, { file: PHOTO, steps: 1 });
  expect(server.asked(new RegExp(name!))).toHaveLength(3);
});

test('a shard that is wrong once is fetched once more', async ({ page, server }) => {
  const {
    shards: [name],
  } = await openCut(page, server);
  server.break(new RegExp(name!), 'corrupt', 1);
  await upscale(page, { file: PHOTO, steps: 1 });
  expect(server.asked(new RegExp(name!))).toHaveLength(2);
});

test('a shard that stays wrong is named', async ({ page, server }) => {
  const {
    shards: [name],
  } = await openCut(page, server);
  server.break(new RegExp(name!), 'corrupt');
  await begin(page, { file: PHOTO, steps: 1 });
  expect(await errorCode(page)).toBe('hash-mismatch');
  await expect(page.locator('#error-message')).toHaveText(`${name} is not the file that the model names: its SHA-256 differs.`);
  expect(server.asked(new RegExp(name!))).toHaveLength(2);
});

test('a stored shard that went bad is removed and fetched again', async ({ page, server }) => {
  await openCut(page, server);
  await upscale(page, { file: PHOTO, steps: 1 });
  expect(await spoil(page, 'shards', 2)).toBe(2);
  await again(page, server);
  await upscale(page, { file: PHOTO, steps: 1 });
  expect(server.asked(SHARDS)).toHaveLength(2);
  await again(page, server);
  await upscale(page, { file: PHOTO, steps: 1 });
  expect(server.asked(SHARDS), 'the store is whole again').toEqual([]);
});

test('two tabs at the same time download once', async ({ page, context, server }) => {
  const model = await openCut(page, server);
  const other = await context.newPage();
  await open(other, server);
  server.break(new RegExp(model.shards.at(-1)!), 'stall', 1);
  await begin(page, { file: PHOTO, steps: 1 });
  await expect.poll(() => count(page, 'shards')).toBe(model.shards.length - 1);
  await begin(other, { file: PHOTO, steps: 1 });
  await expect.poll(() => server.asked(/model\.json$/).length).toBe(2);
  server.release();
  await Promise.all([finished(page), finished(other)]);
  expect(server.asked(SHARDS)).toHaveLength(model.shards.length);
});

test('mirrors are asked for what the first server does not give', async ({ page, server, tolerate }) => {
  tolerate(/Failed to load resource/);
  const model = await openCut(page, server);
  server.add(new Map([...model.files].map(([path, bytes]) => [path.replace('resshift/', 'mirror/'), bytes])));
  server.break(/resshift\/models\/.*safetensors/, 'missing');
  const found = await page.evaluate(async () => {
    const { Upscaler } = (await import(new URL('resshift/index.js', location.href).href)) as typeof import('resshift-web');
    const upscaler = await Upscaler.create({ baseUrl: 'resshift/', mirrors: ['mirror/'], device: 'cpu' });
    upscaler.dispose();
    return upscaler.model;
  });
  expect(found.bytes).toBe(model.bytes);
  expect(server.asked(/mirror\/.*safetensors/)).toHaveLength(model.shards.length);
});

test('a new version comes beside the old one, which stays in use until it is complete', async ({ page, server, tolerate }) => {
  tolerate(/Failed to load resource/);
  const old = await openCut(page, server);
  await upscale(page, { file: PHOTO, steps: 1 });

  const next = cutModel({ version: '9.0.0' });
  server.add(next.files);
  server.break(new RegExp(next.shards.at(-1)!), 'missing');
  await again(page, server);
  await upscale(page, { file: PHOTO, steps: 1 });
  await expect(page.locator('.strip[data-key=warning-http]')).toContainText('the server answered 404');
  await expect(page.locator('#model-line')).not.toContainText('9.0.0');
  const come = (await count(page, 'shards')) - old.shards.length;
  expect(come, 'what came of the new one stays: all but those under way with the one that failed').toBeGreaterThanOrEqual(
    next.shards.length - 4,
  );

  server.mend();
  await again(page, server);
  await upscale(page, { file: PHOTO, steps: 1 });
  await expect(page.locator('#model-line')).toContainText('9.0.0');
  expect(server.asked(SHARDS)).toHaveLength(next.shards.length - come);
  expect(await count(page, 'shards'), 'the old one has gone').toBe(next.shards.length);
});

test('a store of version 1 gives its room to the model of this one', async ({ page, server, tolerate }) => {
  tolerate(/favicon|Failed to load resource/);
  await page.goto(`${server.url}icons/icon.svg`);
  await page.evaluate(async () => {
    const request = indexedDB.open('resshift', 1);
    request.onupgradeneeded = () => void request.result.createObjectStore('files').put(new Uint8Array(9), 'old');
    await new Promise((resolve) => (request.onsuccess = resolve));
    request.result.close();
  });
  await open(page, server);
  await upscale(page, { file: PHOTO, steps: 1 });
  expect(await keys(page, 'models')).toEqual(['compact']);
  const stores = await page.evaluate(
    () =>
      new Promise<string[]>((resolve) => {
        const request = indexedDB.open('resshift');
        request.onsuccess = () => resolve([...request.result.objectStoreNames]);
      }),
  );
  expect(stores).toEqual(['models', 'pending', 'shards']);
});
