/** Contrast, names, roles and keyboard use. */
import { AxeBuilder } from '@axe-core/playwright';
import type { Page } from '@playwright/test';
import { begin, errorCode, expect, finished, fixture, open, test, upscale } from '../support/fixtures.ts';

async function check(page: Page, state: string): Promise<void> {
  const { violations } = await new AxeBuilder({ page })
    .withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'])
    .analyze();
  const told = violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target.join(' ')).join(', ')}`);
  expect(told, state).toEqual([]);
}

test.describe('every state', () => {
  test.use({ engine: 'fake' });

  const screens = { desktop: { width: 1280, height: 800 }, phone: { width: 390, height: 844 } };
  for (const [colorScheme, screen] of [
    ['light', 'desktop'],
    ['dark', 'desktop'],
    ['light', 'phone'],
    ['dark', 'phone'],
  ] as const) {
    test(`in ${colorScheme} colours on a ${screen}`, async ({ page, server }) => {
      test.setTimeout(240_000);
      await page.setViewportSize(screens[screen]);
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      await page.addInitScript(() => Object.assign(globalThis, { fake: { pace: 200, createError: 'no-webgpu', warnings: ['storage'] } }));
      await open(page, server);
      await check(page, 'first screen');
      await page.getByText('More settings').click();
      await page.getByText('Models on this device').click();
      await expect(page.getByRole('switch')).toBeVisible();
      await check(page, 'all settings');
      await page.evaluate(() => document.body.dispatchEvent(new DragEvent('dragenter', { bubbles: true })));
      await check(page, 'a drag');
      await page.evaluate(() => document.body.dispatchEvent(new DragEvent('dragleave', { bubbles: true })));
      await begin(page, { file: fixture('cup-40x32.png'), steps: 1 });
      await expect(page.locator('#load-text')).toContainText('of');
      await check(page, 'loading');
      await errorCode(page);
      await check(page, 'failed');
      await page.evaluate(() => Object.assign((globalThis as unknown as { fake: object }).fake, { pace: 1 }));
      await page.getByRole('button', { name: 'Try again' }).click();
      await finished(page);
      await check(page, 'done');
      await page.getByRole('button', { name: '100 %' }).click();
      await check(page, 'at 100 %');
      await page.getByRole('button', { name: 'Side by side' }).click();
      await check(page, 'side by side');
      await page.evaluate(() => Object.assign((globalThis as unknown as { fake: object }).fake, { pace: 100 }));
      await page.locator('#file').setInputFiles([fixture('cup-16x16.png'), fixture('cup-40x32.png'), fixture('cup-16x16.png')]);
      await page.locator('input[name=steps][value="4"]').check();
      await page.locator('#upscale').click();
      await expect(page.locator('#queue-list li[data-state=done]')).toHaveCount(1);
      await check(page, 'a batch at work');
    });
  }

  for (const colorScheme of ['light', 'dark'] as const) {
    test(`the page that measures, in ${colorScheme} colours`, async ({ page, server }) => {
      await page.emulateMedia({ colorScheme });
      await page.goto(`${server.url}bench/`);
      await check(page, 'before measuring');
    });
  }

  test('progress is announced now and then, not all the time', async ({ page, server }) => {
    await page.addInitScript(() => {
      Object.assign(globalThis, { fake: { pace: 20, tile: 40 } });
      const heard: string[] = [];
      Object.assign(globalThis, { heard });
      document.addEventListener('DOMContentLoaded', () => {
        const announcer = document.getElementById('announcer')!;
        new MutationObserver(() => heard.push(announcer.textContent!)).observe(announcer, { childList: true });
      });
    });
    await open(page, server);
    await upscale(page, { file: fixture('cup-40x32.png'), steps: 4 });
    const heard = await page.evaluate(() => (globalThis as unknown as { heard: string[] }).heard);
    expect(heard.filter((line) => /^\d+ %/.test(line)).length).toBeGreaterThanOrEqual(2);
    expect(heard.length).toBeLessThanOrEqual(5);
    expect(heard.at(-1)).toContain('Done: 160 by 128 pixels');
  });
});

test('a whole run by keyboard alone', async ({ page, server }) => {
  await open(page, server);
  await page.locator('#file').setInputFiles(fixture('cup-16x16.png'));
  await expect(page.locator('#name')).toHaveText('cup-16x16.png');

  const tabTo = async (selector: string): Promise<void> => {
    for (let i = 0; i < 60; i++) {
      if (await page.locator(selector).evaluate((element) => element === document.activeElement)) return;
      await page.keyboard.press('Tab');
    }
    throw new Error(`the Tab key does not reach ${selector}`);
  };
  await tabTo('input[name=steps]:checked');
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('ArrowRight');
  await expect(page.locator('input[name=steps][value="1"]')).toBeChecked();
  await tabTo('#seed');
  await page.keyboard.press('ArrowUp');
  await expect(page.locator('#seed')).toHaveValue('1');
  await page.keyboard.press('Enter');
  await expect(page.locator('body')).toHaveAttribute('data-phase', 'working');
  await finished(page);
  await expect(page.getByRole('link', { name: 'Save PNG' })).toBeFocused();
  const coming = page.waitForEvent('download');
  await page.keyboard.press('Enter');
  expect((await coming).suggestedFilename()).toBe('cup-16x16_x4.png');
  await tabTo('#split');
  await page.keyboard.press('ArrowLeft');
  await expect(page.locator('#split')).toHaveValue('49');
});
