/** The page as an installed app: its manifest, pictures shared by other apps, and files opened with it. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, fixture, open, test } from '../support/fixtures.ts';
import { FAKE_DIST } from '../support/folders.ts';
import { pngSize } from '../support/pixels.ts';

test.use({ engine: 'fake', prefix: '/some/folder/' });

test('every file that the manifest names exists, with the size that it states', async () => {
  const manifest = JSON.parse(await readFile(join(FAKE_DIST, 'manifest.webmanifest'), 'utf8')) as {
    icons: { src: string; sizes: string; purpose: string }[];
    screenshots: { src: string; sizes: string; form_factor: string }[];
    shortcuts: { url: string }[];
    start_url: string;
    share_target: { action: string };
  };
  for (const { src, sizes } of manifest.icons) {
    const bytes = await readFile(join(FAKE_DIST, src));
    if (sizes !== 'any') expect(pngSize(bytes), src).toEqual({ width: Number(sizes.split('x')[0]), height: Number(sizes.split('x')[1]) });
  }
  expect(new Set(manifest.icons.map(({ purpose }) => purpose))).toEqual(new Set(['any', 'maskable', 'monochrome']));
  for (const { src } of manifest.screenshots) expect((await readFile(join(FAKE_DIST, src))).length, src).toBeLessThan(200_000);
  expect(manifest.screenshots.map(({ form_factor }) => form_factor)).toEqual(['wide', 'narrow']);
  for (const { url } of manifest.shortcuts) await readFile(join(FAKE_DIST, url, 'index.html'));
  // Nothing in it leaves the folder that the page lies in.
  for (const address of [manifest.start_url, manifest.share_target.action, ...manifest.icons.map(({ src }) => src)])
    expect(address).not.toMatch(/^(\/|https?:)/);
});

test('pictures shared by another app arrive, offline and in a folder of a site, and once only', async ({ page, context, server }) => {
  await open(page, server);
  await page.evaluate(async () => {
    await navigator.serviceWorker.ready;
  });
  await page.reload();
  await expect(page.locator('body')).toHaveAttribute('data-phase', 'ready');
  await context.setOffline(true);
  await server.stop();
  const bytes = [...(await readFile(fixture('cup-40x32.png')))];
  const landed = await page.evaluate(async (given) => {
    const form = new FormData();
    for (const name of ['Tasse ü.png', 'second.png'])
      form.append('pictures', new File([new Uint8Array(given)], name, { type: 'image/png' }));
    return (await fetch('share', { method: 'POST', body: form, redirect: 'manual' })).type;
  }, bytes);
  expect(landed).toBe('opaqueredirect');

  await page.goto(`${server.url}?shared`);
  await expect(page.locator('#name')).toHaveText('Tasse ü.png');
  await expect(page).toHaveURL(server.url);
  await expect(page.locator('#queue-list li')).toHaveText([/Tasse ü.png/, /./]);
  await page.reload();
  await expect(page.locator('#name')).toHaveText('cat.png');
});

test('a file opened with the app is taken', async ({ page, server }) => {
  const bytes = [...(await readFile(fixture('cup-16x16.png')))];
  await page.addInitScript((given) => {
    const file = new File([new Uint8Array(given)], 'opened.png', { type: 'image/png' });
    Object.defineProperty(globalThis, 'launchQueue', {
      value: {
        setConsumer: (consumer: (launch: unknown) => void) => setTimeout(() => consumer({ files: [{ getFile: async () => file }] }), 300),
      },
    });
  }, bytes);
  await open(page, server);
  await expect(page.locator('#name')).toHaveText('opened.png');
});
