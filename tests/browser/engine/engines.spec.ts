/** Several engines on the CPU: the same file as one gives, and no run that fails because a helper does. */
import type { Page } from '@playwright/test';
import { expect, open, test } from '../support/fixtures.ts';

/** Upscales a picture that is high enough for three engines and returns a hash of the file. */
async function hash(page: Page, engines: number): Promise<string> {
  return page.evaluate(async (engines) => {
    const { Upscaler } = (await import(new URL('resshift/index.js', location.href).href)) as typeof import('resshift-web');
    const upscaler = await Upscaler.create({ device: 'cpu', engines });
    try {
      const data = Uint8ClampedArray.from({ length: 4 * 8 * 448 }, (_, i) => (i % 4 === 3 ? 255 : (i * 37) % 251));
      const { blob } = await upscaler.upscale(new ImageData(data, 8, 448), { steps: 3, tile: 32 });
      const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', await blob.arrayBuffer()));
      return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
    } finally {
      upscaler.dispose();
    }
  }, engines);
}

test('three engines give the file that one gives', async ({ page, server }) => {
  // Every prediction that a helper sends is announced.
  server.prepend(
    /worker\.js$/,
    `if (self.name === "resshift helper") {
    const { postMessage } = self;
    self.postMessage = (message, transfer) => {
      if (message.type === "predicted") new BroadcastChannel("test").postMessage(message.values.length);
      postMessage.call(self, message, transfer);
    };
  }`,
  );
  await page.addInitScript(() => {
    const seen: number[] = ((globalThis as Record<string, unknown>)['seen'] = []) as number[];
    new BroadcastChannel('test').onmessage = ({ data }) => seen.push(data);
  });
  await open(page, server);
  const seen = (): Promise<number> => page.evaluate(() => (globalThis as unknown as { seen: number[] }).seen.length);
  const alone = await hash(page, 1);
  expect(await seen()).toBe(0);
  expect(await hash(page, 3)).toBe(alone);
  expect(await seen(), 'bands that helpers computed').toBeGreaterThan(0);
  expect(server.asked(/\.safetensors$/), 'helpers take the model from the store').toHaveLength(1);
});

test('helpers that cannot load leave the work to the engine', async ({ page, server }) => {
  server.prepend(/worker\.js$/, 'if (self.name === "resshift helper") throw new Error("no");');
  await open(page, server);
  const alone = await hash(page, 1);
  expect(await hash(page, 3)).toBe(alone);
});

test('a helper that dies over a band is made up for', async ({ page, server }) => {
  server.prepend(
    /worker\.js$/,
    `if (self.name === "resshift helper") {
    const { postMessage } = self;
    let said = 0;
    self.postMessage = (message, transfer) => {
      if (++said === 2) setTimeout(() => { throw new Error("dead"); });
      else postMessage.call(self, message, transfer);
    };
  }`,
  );
  await open(page, server);
  const alone = await hash(page, 1);
  expect(await hash(page, 3)).toBe(alone);
});
