/** Which device `auto` takes: by measurement, kept between visits, and never one that computes wrongly. */
import type { Page } from '@playwright/test';
import { expect, open, test } from '../support/fixtures.ts';

async function choose(page: Page): Promise<{ device: import('resshift-web').DeviceInfo; warnings: string[]; kept: [string, string][] }> {
  return page.evaluate(async () => {
    const { Upscaler } = (await import(new URL('resshift/index.js', location.href).href)) as typeof import('resshift-web');
    const upscaler = await Upscaler.create();
    const { device, warnings } = upscaler;
    upscaler.dispose();
    return {
      device,
      warnings: warnings.map(({ code }) => code),
      kept: Object.entries(localStorage).filter(([key]) => key.startsWith('resshift measured')),
    };
  });
}

/** As if the GPU had been measured before. */
async function remember(page: Page, webgpu: number, cpu: number): Promise<void> {
  await page.addInitScript(
    ({ webgpu, cpu }) => {
      const { getItem } = Storage.prototype;
      Storage.prototype.getItem = function (key: string) {
        return key.startsWith('resshift measured') ? JSON.stringify({ webgpu, cpu }) : getItem.call(this, key);
      };
    },
    { webgpu, cpu },
  );
}

test('an emulated GPU is measured, passed over for good reason, and not measured again', async ({ page, server }) => {
  await open(page, server);
  const { device, kept, warnings } = await choose(page);
  expect(device).toMatchObject({ kind: 'cpu', reason: 'faster' });
  expect(warnings).toEqual([]);
  if (device.measured) {
    expect(device.measured.webgpu).toBeGreaterThan(device.measured.cpu!);
    expect(kept).toHaveLength(1);
    expect((await choose(page)).device.measured).toEqual(device.measured);
  }
});

test('a GPU that was measured to be faster is taken, whatever its name', async ({ page, server }) => {
  await remember(page, 1, 100);
  await open(page, server);
  expect((await choose(page)).device).toMatchObject({ kind: 'webgpu', software: true, reason: 'faster', tile: 320 });
});

test('a slow device gets smaller tiles', async ({ page, server }) => {
  // 64 x 64 positions of the measurement in a second: five seconds are 109 x 109 of the compact network, which takes 1.7 times as long.
  await remember(page, 2000, 1000);
  await open(page, server);
  expect((await choose(page)).device).toMatchObject({ kind: 'cpu', reason: 'faster', tile: 104 });
});

test('a GPU that computes wrongly is passed over however fast it is', async ({ page, server }) => {
  server.prepend(
    /worker\.js$/,
    'if (typeof GPUComputePassEncoder !== "undefined") GPUComputePassEncoder.prototype.dispatchWorkgroups = () => {};',
  );
  await remember(page, 1, 100);
  await open(page, server);
  const { device, warnings } = await choose(page);
  expect(device).toMatchObject({ kind: 'cpu', reason: 'webgpu-failed' });
  expect(warnings).toEqual(['gpu']);
});
