/** The first screen. */
import { expect, open, test } from '../support/fixtures.ts';

for (const prefix of ['/', '/some/folder/']) {
  test.describe(`at ${prefix}`, () => {
    test.use({ prefix });

    test('opens with a sample photo, ready to start, having fetched no weights', async ({ page, server }) => {
      await open(page, server);
      await expect(page.getByRole('heading', { level: 1 })).toContainText('four times larger');
      await expect(page.getByText('Your pictures never leave this device')).toBeVisible();
      await expect(page.getByRole('button', { name: 'Upscale', exact: true })).toBeEnabled();
      await expect(page.locator('#sizes')).toHaveText('112 × 75 → 448 × 300 pixels');
      const painted = await page.locator('#canvas').evaluate((canvas: HTMLCanvasElement) => {
        const { data } = canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height);
        return { width: canvas.width, height: canvas.height, colours: new Set(new Uint32Array(data.buffer)).size };
      });
      expect(painted).toMatchObject({ width: 448, height: 300 });
      expect(painted.colours).toBeGreaterThan(1000);
      expect(server.asked(/models/)).toEqual([]);
    });
  });
}

test('says where it will run, without being asked', async ({ page, server }) => {
  await open(page, server);
  await expect(page.locator('#runs-on')).toContainText(/Runs on your CPU: the only GPU here is emulated \(.*swiftshader.*\)/i);
});

test('the page may run no script but its own and talk to nobody else', async ({ page, server, tolerate }) => {
  tolerate(/Content Security Policy/);
  await open(page, server);
  const outcomes = await page.evaluate(async () => {
    const inline = document.createElement('script');
    inline.textContent = 'globalThis.inlineRan = true';
    document.head.append(inline);
    const fetched = await fetch('https://example.com/').then(
      () => 'answered',
      () => 'refused',
    );
    return { inlineRan: 'inlineRan' in globalThis, fetched };
  });
  expect(outcomes).toEqual({ inlineRan: false, fetched: 'refused' });
});

test('files have the types and lengths that browsers need', async ({ request, server }) => {
  const types = {
    'index.html': 'text/html',
    'main.js': 'text/javascript',
    'style.css': 'text/css',
    'sw.js': 'text/javascript',
    'manifest.webmanifest': 'application/manifest+json',
    'icons/icon.svg': 'image/svg+xml',
    'icons/icon-512.png': 'image/png',
    'samples/colosseum.jpg': 'image/jpeg',
    'resshift/engine/resshift_bg.wasm': 'application/wasm',
    'resshift/worker.js': 'text/javascript',
  };
  for (const [path, type] of Object.entries(types)) {
    const response = await request.get(server.url + path);
    expect(response.status(), path).toBe(200);
    expect(response.headers()['content-type'], path).toContain(type);
  }
  expect((await request.get(`${server.url}..%2f..%2fpackage.json`)).status()).toBe(404);
  expect((await request.get(`${server.url}samples/`)).status()).toBe(404);
});

test('the web app manifest names icons that exist', async ({ request, server }) => {
  const manifest = (await (await request.get(`${server.url}manifest.webmanifest`)).json()) as { icons: { src: string; purpose: string }[] };
  expect(manifest.icons.map(({ purpose }) => purpose)).toContain('maskable');
  for (const { src } of manifest.icons) expect((await request.get(server.url + src)).status(), src).toBe(200);
});
