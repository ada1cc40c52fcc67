/** What a person sees in every state, over the stand-in engine. */
import type { Page } from '@playwright/test';
import { begin, errorCode, expect, finished, fixture, open, save, test, type, upscale } from '../support/fixtures.ts';
import type { Wishes } from '../fake/wishes.d.ts';
import { pngSize } from '../support/pixels.ts';

test.use({ engine: 'fake' });

async function wish(page: Page, wishes: Wishes): Promise<void> {
  await page.addInitScript((given) => Object.assign(globalThis, { fake: given }), wishes);
}

test('download and computing are shown separately, with an estimate', async ({ page, server }) => {
  await wish(page, { pace: 60 });
  await open(page, server);
  await begin(page, { file: fixture('cup-40x32.png') });
  await expect(page.locator('#load-text')).toHaveText(/^(Engine|Weights): .+ of .+ MB$/);
  await expect(page.locator('#run-text')).toHaveText('waiting');
  await expect(page.locator('#run-text')).toHaveText(/^Step \d+ of 15, tile 1 of 1$/);
  await expect(page.locator('#load-text')).toHaveText('ready');
  await expect(page.locator('#eta')).toHaveText(/left$/);
  await expect(page).toHaveTitle(/^\d+ % · /);
  await expect(page.locator('#upscale')).toBeHidden();
  await expect(page.locator('#seed')).toBeDisabled();
  await finished(page);
  await expect(page).not.toHaveTitle(/%/);
  await expect(page.locator('#seed')).toBeEnabled();
});

test('a failure in the middle: what happened, what to do, its code; another try succeeds', async ({ page, server }) => {
  await wish(page, { upscaleError: 'gpu' });
  await open(page, server);
  await begin(page, { file: fixture('cup-40x32.png'), seed: 5 });
  expect(await errorCode(page)).toBe('gpu');
  await expect(page.locator('#error-message')).toContainText('The GPU failed');
  await expect(page.getByRole('button', { name: 'Run on the CPU' })).toBeVisible();
  await expect(page.locator('#name')).toHaveText('cup-40x32.png');
  await expect(page.locator('#seed')).toHaveValue('5');
  await page.getByRole('button', { name: 'Try again' }).click();
  await finished(page);
});

test('a later failure keeps the earlier result', async ({ page, server }) => {
  await open(page, server);
  await upscale(page, { file: fixture('cup-40x32.png') });
  await page.evaluate(() => Object.assign((globalThis as unknown as { fake: Wishes }).fake, { upscaleError: 'gpu' }));
  await begin(page, {});
  await errorCode(page);
  await expect(page.locator('#result')).toBeVisible();
  expect(pngSize((await save(page)).bytes)).toEqual({ width: 160, height: 128 });
});

test('warnings do not stop the work', async ({ page, server }) => {
  await wish(page, { warnings: ['storage'] });
  await open(page, server);
  await upscale(page, { file: fixture('cup-16x16.png') });
  await expect(page.getByRole('status').filter({ hasText: 'could not be kept' })).toBeVisible();
  await page.getByRole('button', { name: 'Dismiss' }).click();
  await expect(page.locator('.strip')).toHaveCount(0);
});

test('a hardware GPU is named', async ({ page, server }) => {
  await wish(page, {
    capabilities: {
      wasm: true,
      webgpu: { name: 'Example 9000', software: false, f16: true, maxBufferBytes: 1 << 30 },
      recommended: 'webgpu',
      cache: true,
      maxPixels: 1 << 20,
    },
    device: { kind: 'webgpu', name: 'Example 9000', software: false, f16: true, tile: 320, reason: 'faster' },
  });
  await open(page, server);
  await expect(page.locator('#runs-on')).toHaveText('Runs on your GPU (Example 9000).');
  await upscale(page, { file: fixture('cup-16x16.png') });
  await expect(page.locator('#runs-on')).toHaveText('Runs on your GPU (Example 9000, f16: 16-bit numbers).');
  await expect(page.locator('#outcome')).toContainText('on your GPU (Example 9000)');
});

test('a seed that is not a whole number is pointed at and starts nothing', async ({ page, server }) => {
  await open(page, server);
  for (const seed of ['', '-1', '1.5', '9007199254740992']) {
    await type(page.locator('#seed'), seed);
    await page.locator('#upscale').click();
    await expect(page.locator('#seed')).toBeFocused();
    await expect(page.locator('body')).toHaveAttribute('data-phase', 'ready');
  }
});

test('a result beyond the limits of a canvas is shown whole, its preview reduced', async ({ page, server }) => {
  await open(page, server);
  const wide = await page.evaluate(async () => {
    const canvas = new OffscreenCanvas(1100, 12);
    canvas.getContext('2d')!.fillRect(0, 0, 500, 12);
    const bytes = new Uint8Array(await (await canvas.convertToBlob()).arrayBuffer());
    return btoa(String.fromCharCode(...bytes));
  });
  await upscale(page, { file: { name: 'wide.png', mimeType: 'image/png', buffer: Buffer.from(wide, 'base64') } });
  const shown = await page.evaluate(() => ({
    canvas: document.querySelector('canvas')!.width,
    result: document.querySelector<HTMLImageElement>('#result')!.naturalWidth,
  }));
  expect(shown).toEqual({ canvas: 4096, result: 4400 });
});

test('addresses of pictures are released', async ({ page, server }) => {
  await page.addInitScript(() => {
    const live = new Set<string>();
    const { createObjectURL, revokeObjectURL } = URL;
    URL.createObjectURL = (blob) => {
      const url = createObjectURL.call(URL, blob);
      live.add(url);
      return url;
    };
    URL.revokeObjectURL = (url) => {
      live.delete(url);
      revokeObjectURL.call(URL, url);
    };
    Object.assign(globalThis, { live });
  });
  const live = () => page.evaluate(() => (globalThis as unknown as { live: Set<string> }).live.size);
  await open(page, server);
  for (const name of ['cup-16x16.png', 'cup-40x32.png', 'cup-16x16.png']) {
    await upscale(page, { file: fixture(name) });
    expect(await live()).toBe(1);
  }
  await page.getByRole('button', { name: 'Cat' }).click();
  await expect(page.locator('#name')).toHaveText('cat.png');
  expect(await live()).toBe(0);
});
