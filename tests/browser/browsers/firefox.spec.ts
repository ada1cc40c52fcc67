/** The engine in Firefox beside Chromium: the same numbers. */
import { launchOptions } from './chromium.mjs';
import { expect, open, test, upscale } from '../support/fixtures.ts';
import { outcome, plainPage } from './plain-page.ts';
import { computed, PICTURES, shown } from './same-pixels.ts';
import { TestServer } from '../support/server.ts';

test('the CPU gives the pixels that it gives in Chromium', async ({ page, server, playwright }) => {
  const chromium = await playwright.chromium.launch(launchOptions());
  try {
    const other = await chromium.newPage();
    await other.goto(server.url);
    await open(page, server);
    for (const [file, size] of PICTURES) {
      await upscale(page, { file, steps: 1, device: 'cpu' });
      await expect(page.locator('#outcome')).toContainText(`${size} pixels`);
      expect(await page.evaluate(shown), file).toBe(await computed(other, file));
    }
  } finally {
    await chromium.close();
  }
});

test.describe('the package', () => {
  test.use({
    server: async ({}, use) => {
      const server = await TestServer.start(plainPage('plain-firefox'));
      await use(server);
      await server.stop();
    },
  });

  test('works in a plain script', async ({ page, server }) => {
    await page.goto(server.url);
    const { width, height, pixels } = await page.evaluate(outcome);
    expect([width, height]).toEqual([32, 32]);
    expect(new Set(pixels).size, 'a picture, not a plain area').toBeGreaterThan(30);
  });
});
