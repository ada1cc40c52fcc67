/** A browser that offers no WebGPU. */
import { errorCode, expect, finished, fixture, open, begin, test, upscale } from '../support/fixtures.ts';

const PHOTO = fixture('cup-16x16.png');

test('Automatic runs on the CPU and says why', async ({ page, server }) => {
  await open(page, server);
  await expect(page.locator('#runs-on')).toHaveText('Runs on your CPU: this browser has no WebGPU here.');
  await upscale(page, { file: PHOTO, steps: 1 });
  await expect(page.locator('#outcome')).toContainText('on your CPU');
});

test('WebGPU by name is refused with a way on', async ({ page, server }) => {
  await open(page, server);
  await begin(page, { file: PHOTO, steps: 1, device: 'webgpu' });
  expect(await errorCode(page)).toBe('no-webgpu');
  await page.getByRole('button', { name: 'Run on the CPU' }).click();
  await finished(page);
  await expect(page.locator('#outcome')).toContainText('on your CPU');
});

test.describe('without a service worker, which would fetch for itself', () => {
  test.use({ serviceWorkers: 'block' });

  test('capabilities tell it without loading anything', async ({ page, server }) => {
    await open(page, server);
    const found = await page.evaluate(async () => {
      const { Upscaler } = (await import(new URL('resshift/index.js', location.href).href)) as typeof import('resshift-web');
      return Upscaler.capabilities();
    });
    expect(found).toMatchObject({ wasm: true, webgpu: null, recommended: 'cpu', cache: true });
    expect(found.maxPixels).toBeGreaterThanOrEqual(1 << 20);
    expect(server.asked(/models|worker/)).toEqual([]);
  });
});
