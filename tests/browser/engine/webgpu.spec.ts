/** The same picture on WebGPU, here an adapter that runs on the CPU: tiny sizes only. */
import { expect, fixture, open, save, test, upscale } from '../support/fixtures.ts';
import { decode, difference } from '../support/pixels.ts';

const PHOTO = fixture('cup-16x16.png');

test("WebGPU gives the CPU's picture", async ({ page, server }) => {
  await open(page, server);
  await upscale(page, { file: PHOTO, steps: 1, device: 'cpu' });
  const onCpu = await save(page);
  await upscale(page, { device: 'webgpu' });
  await expect(page.locator('#runs-on')).toContainText('Runs on a GPU that your CPU emulates');
  await expect(page.locator('#outcome')).toContainText('on an emulated GPU');
  const onGpu = await save(page);
  // f32 sums in another order, rounded to 8 bits: a value at the border of rounding may fall to either side.
  expect(difference(await decode(page, onGpu.bytes), await decode(page, onCpu.bytes)).max).toBeLessThanOrEqual(2);
});

test('an adapter without timestamp-query is good enough', async ({ page, server }) => {
  server.prepend(
    /worker\.js$/,
    `{
    const { prototype } = GPUAdapter;
    const features = Object.getOwnPropertyDescriptor(prototype, 'features').get;
    const { requestDevice } = prototype;
    Object.defineProperty(prototype, 'features', {
      configurable: true,
      get() { return new Set([...features.call(this)].filter((name) => name !== 'timestamp-query')); },
    });
    prototype.requestDevice = function (wanted) {
      if ([...(wanted?.requiredFeatures ?? [])].includes('timestamp-query')) return Promise.reject(new TypeError('unsupported feature'));
      return requestDevice.call(this, wanted);
    };
  }`,
  );
  await open(page, server);
  await upscale(page, { file: PHOTO, steps: 1, device: 'webgpu' });
  await expect(page.locator('#outcome')).toContainText('on an emulated GPU');
});

test('a cancelled run frees the object for the next one', async ({ page, server }) => {
  await open(page, server);
  await page.locator('#device').selectOption('webgpu');
  await page.locator('#file').setInputFiles(fixture('cup-40x32.png'));
  await page.locator('#upscale').click();
  await expect(page.locator('#run-text')).toContainText(/starting|Step/, { timeout: 60_000 });
  await page.getByRole('button', { name: 'Cancel' }).click();
  await expect(page.locator('body')).toHaveAttribute('data-phase', 'ready', { timeout: 30_000 });
  await upscale(page, { file: PHOTO, steps: 1 });
  await expect(page.locator('#outcome')).toContainText('on an emulated GPU');
});
