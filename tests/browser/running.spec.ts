/** What tab, screen and system are told while a picture is worked on, over the stand-in engine. */
import type { Page } from '@playwright/test';
import { begin, expect, finished, fixture, open, test } from './fixtures.ts';
import type { Wishes } from './fake/wishes.d.ts';
import { SAMPLE_PHOTO } from './folders.ts';

test.use({ engine: 'fake', serviceWorkers: 'block' });

async function wish(page: Page, wishes: Wishes): Promise<void> {
  await page.addInitScript((given) => Object.assign(globalThis, { fake: given }), wishes);
}

/** What the page asked of the system, in order, is in `asked`. */
async function listen(page: Page): Promise<() => Promise<string[]>> {
  await page.addInitScript(() => {
    const asked: string[] = [];
    Object.assign(globalThis, { asked });
    const lock = { release: async () => void asked.push('sleep') };
    Object.defineProperty(navigator, 'wakeLock', { value: { request: async (what: string) => (asked.push(`awake: ${what}`), lock) } });
    Object.defineProperty(navigator, 'setAppBadge', { value: async (count: number) => void asked.push(`badge ${count}`) });
  });
  return () => page.evaluate(() => (globalThis as unknown as { asked: string[] }).asked);
}

test('the screen stays on and the icon counts, until the run ends', async ({ page, server }) => {
  const asked = await listen(page);
  await open(page, server);
  await begin(page, { file: fixture('cup-40x32.png'), steps: 4 });
  await finished(page);
  await expect(page).not.toHaveTitle(/%/);
  expect(await asked()).toEqual(['awake: screen', 'badge 25', 'badge 50', 'badge 75', 'badge 100', 'sleep', 'badge 0']);
});

test('a page that comes back from another tab stays awake again', async ({ page, server }) => {
  const asked = await listen(page);
  await wish(page, { pace: 200 });
  await open(page, server);
  await begin(page, { file: fixture('cup-40x32.png'), steps: 15 });
  await expect.poll(asked).toContain('awake: screen');
  await page.evaluate(() => document.dispatchEvent(new Event('visibilitychange')));
  await expect.poll(async () => (await asked()).filter((what) => what === 'awake: screen').length).toBe(2);
});

test('leaving asks during a run, and at no other time', async ({ page, server }) => {
  const leave = () => page.evaluate(() => !dispatchEvent(new Event('beforeunload', { cancelable: true })));
  await wish(page, { pace: 100 });
  await open(page, server);
  expect(await leave()).toBe(false);
  await begin(page, { file: fixture('cup-40x32.png'), steps: 4 });
  expect(await leave()).toBe(true);
  await finished(page);
  expect(await leave()).toBe(false);
});

test('the time left is right within a quarter after the first tile, and stays so', async ({ page, server }) => {
  const PACE = 3;
  const TILES = 6;
  const STEPS = 15;
  await wish(page, { pace: PACE * 1000, tile: 480 });
  await page.clock.install();
  await open(page, server);
  await begin(page, { file: SAMPLE_PHOTO, steps: STEPS });
  const report = page.locator('#run-text');
  let step = 0;
  let seen = 0;
  for (let second = 0; seen < TILES * STEPS && second < 1000; second++) {
    await page.clock.runFor(1000);
    const words = await report.innerText();
    const [, now, tile, tiles] = /^Step (\d+) of 15, tile (\d+) of (\d+)$/.exec(words) ?? [];
    if (!tile) continue;
    expect(Number(tiles)).toBe(TILES);
    const done = (Number(now) - 1) * TILES + Number(tile);
    if (done === seen) continue;
    [step, seen] = [Number(now), done];
    const left = (TILES * STEPS - done) * PACE;
    const told = await page.locator('#eta').innerText();
    if (left < 5) continue;
    const [, count, unit] = /^About ([\d.]+) (second|minute)s? left$/.exec(told) ?? [];
    const seconds = Number(count) * (unit === 'minute' ? 60 : 1);
    expect(Math.abs(seconds / left - 1), `${told} at step ${step}, tile ${tile}: ${left} s`).toBeLessThan(0.25);
  }
  expect(seen).toBeGreaterThanOrEqual(TILES * STEPS - 1);
});
