/**
 * Every state, photographed for people to look at, into `test-results/screens/` (not kept in git): light, dark, on a phone and
 * in each language. What a machine can see is checked on the way: nothing beyond the edges, every state reached.
 */
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import { expect, finished, fixture, open, test } from '../support/fixtures.ts';
import { SAMPLE_PHOTO, SCREENS } from '../support/folders.ts';
import type { Wishes } from '../fake/wishes.d.ts';

test.use({ engine: 'fake' });

/** Changes what the stand-in engine does from now on. */
async function wish(page: Page, wishes: Wishes): Promise<void> {
  await page.evaluate((given) => Object.assign(((globalThis as { fake?: object }).fake ??= {}), given), wishes);
}

async function walk(page: Page, photograph: (state: string) => Promise<void>): Promise<void> {
  await photograph('1 first screen');
  await page.locator('#file').setInputFiles(SAMPLE_PHOTO);
  await expect(page.locator('#name')).toHaveText('colosseum.jpg');
  await photograph('2 chosen');
  await page.locator('#more summary').click();
  await page.locator('#models summary').click();
  await expect(page.locator('#models-note')).not.toBeEmpty();
  await photograph('3 all settings');
  await page.locator('#more summary').click();
  await page.locator('#models summary').click();

  await wish(page, { pace: 60, tile: 320 });
  await page.locator('input[name=steps][value="4"]').check();
  await page.locator('#upscale').click();
  await expect(page.locator('#load-text')).toHaveText(/MB/);
  await photograph('4 loading');
  await expect(page.locator('#run-text')).toHaveText(/[2-4].*12/);
  await photograph('5 running');
  await wish(page, { pace: 1 });
  await finished(page);
  await photograph('6 done, slider');
  await page.locator('#beside').click();
  await photograph('7 done, side by side');
  await page.locator('#beside').click();
  await page.locator('[data-zoom="1"]').click();
  await page.locator('#frame').focus();
  for (let i = 0; i < 9; i++) await page.keyboard.press('+');
  await photograph('8 done, zoomed in');
  await page.locator('[data-zoom="fit"]').click();
  await page.locator('input[name=steps][value="1"]').check();
  await page.locator('#upscale').click();
  await finished(page);
  await page.locator('#compare-with').selectOption({ index: 1 });
  await expect(page.locator('#other')).toBeVisible();
  await photograph('9 two answers');

  await wish(page, { upscaleError: 'gpu', warnings: ['storage'] });
  await page.locator('#upscale').click();
  await expect(page.locator('#error-card')).toBeVisible();
  await photograph('10 failed');
  await page.locator('#file').setInputFiles([fixture('cup-16x16.png'), fixture('cup-40x32.png'), SAMPLE_PHOTO]);
  await page.locator('#file').setInputFiles([{ name: 'notes.png', mimeType: 'image/png', buffer: Buffer.from('no picture') }]);
  await page.locator('#upscale').click();
  // The three pictures before it are done first.
  await expect(page.locator('#queue-list li[data-state=failed]')).toHaveCount(1, { timeout: 60_000 });
  await photograph('11 a batch');
}

const LOOKS = [
  { look: 'light', width: 1280, height: 800 },
  { look: 'dark', width: 1280, height: 800, colorScheme: 'dark' },
  { look: 'phone', width: 390, height: 844 },
  { look: 'phone in Vietnamese', width: 390, height: 844, locale: 'vi-VN' },
  { look: 'phone in Chinese', width: 390, height: 844, locale: 'zh-CN' },
  { look: 'phone in Spanish', width: 390, height: 844, locale: 'es-MX' },
  { look: 'phone in Japanese', width: 390, height: 844, locale: 'ja-JP' },
] as const;

for (const { look, width, height, ...rest } of LOOKS) {
  const phone = width < 500;
  test.describe(look, () => {
    test.use({ viewport: { width, height }, hasTouch: phone, isMobile: phone, ...rest });

    test('every state', async ({ page, server }) => {
      await open(page, server);
      await expect(page.locator('#runs-on')).not.toBeEmpty();
      await walk(page, async (state) => {
        expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth), state).toBeLessThanOrEqual(0);
        await page.screenshot({ path: join(SCREENS, look, `${state}.png`), animations: 'disabled', fullPage: !phone });
      });
    });
  });
}
