/** What the page shows in tab and icon, and asks of the system, during a run, over the stand-in engine. */
import type { Page } from '@playwright/test';
import { begin, expect, finished, fixture, open, test } from '../support/fixtures.ts';
import type { Wishes } from '../fake/wishes.d.ts';
import { SAMPLE_PHOTO } from '../support/folders.ts';

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

for (const { start, warmUp, known, first } of [
  { start: 'an engine that has run before', warmUp: 1, known: false, first: 1 },
  // Without any measurement a cold start says nothing of the pace to come.
  { start: 'a first start, which compiles', warmUp: 8, known: false, first: 2 },
  { start: 'a first start on a device that was measured', warmUp: 8, known: true, first: 1 },
]) {
  test(`the time left is right within a quarter once it is shown, and stays right: ${start}`, async ({ page, server }) => {
    const PACE = 3;
    const TILES = 6;
    const STEPS = 4;
    const steps = TILES * STEPS;
    await wish(page, { pace: PACE * 1000, tile: 480, warmUp, secondsPerPixel: null });
    // 320 x 180 pixels.
    // The empty page before it has no storage.
    if (known)
      await page.addInitScript(
        (seconds) => origin !== 'null' && localStorage.setItem('resshift paces', JSON.stringify({ 'compact auto': seconds })),
        (TILES * PACE) / 57_600,
      );
    await page.clock.install();
    await open(page, server);
    // Time passes in this test's own seconds only, and none while the engine gets ready for its next piece of work.
    await page.clock.pauseAt(Date.now() + 3_600_000);
    const settled = () => expect.poll(() => page.evaluate(() => (globalThis as unknown as { fake: Wishes }).fake.waiting)).toBe(1);
    if (warmUp === 1) {
      await begin(page, { file: fixture('cup-40x32.png'), steps: 1 });
      while ((await page.locator('body').getAttribute('data-phase')) !== 'done') await page.clock.runFor(1000);
    }
    await begin(page, { file: SAMPLE_PHOTO, steps: STEPS });
    let seen = 0;
    let toldAfter = Infinity;
    for (let second = 0; seen < steps - 1 && second < 300; second++) {
      await settled();
      await page.clock.runFor(1000);
      const [, step, tile] = /^Step (\d+) of 4, tile (\d+) of 6$/.exec(await page.locator('#run-text').innerText()) ?? [];
      if (!tile) continue;
      const done = (Number(step) - 1) * TILES + Number(tile);
      if (done === seen) continue;
      seen = done;
      const told = await page.locator('#eta').innerText();
      if (!told) continue;
      toldAfter = Math.min(toldAfter, done);
      const left = (steps - done) * PACE;
      if (left < 5) continue;
      const [, count, unit] = /^About ([\d.]+) (second|minute)s? left$/.exec(told) ?? [];
      expect(
        Math.abs((Number(count) * (unit === 'minute' ? 60 : 1)) / left - 1),
        `${told}, after ${done} of ${steps}: ${left} s`,
      ).toBeLessThan(0.25);
    }
    expect(seen).toBe(steps - 1);
    expect(toldAfter).toBe(first);
  });
}
