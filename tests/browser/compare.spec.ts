/** The before/after slider and the view, over the stand-in engine. */
import type { Page } from '@playwright/test';
import { expect, fixture, open, save, test, upscale } from './fixtures.ts';
import { decode } from './pixels.ts';

test.use({ engine: 'fake' });

const split = (page: Page) => page.getByRole('slider', { name: /Compare/ });
const share = async (page: Page) => Number(await split(page).inputValue());

test('opens in the middle, moves by mouse and by keys, and tells its place', async ({ page, server }) => {
  await open(page, server);
  await expect(split(page)).toBeHidden();
  await upscale(page);
  expect(await share(page)).toBe(50);
  await expect(split(page)).toHaveAttribute('aria-valuetext', '50 % original, 50 % upscaled');

  const box = (await page.locator('#canvas').boundingBox())!;
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width / 4, box.y + box.height / 3, { steps: 4 });
  await page.mouse.up();
  expect(await share(page)).toBeCloseTo(25, 0);

  await split(page).focus();
  await page.keyboard.press('ArrowRight');
  expect(await share(page)).toBe(26);
  await page.keyboard.press('End');
  expect(await share(page)).toBe(100);
  await page.keyboard.press('Home');
  expect(await share(page)).toBe(0);
});

test.describe('by touch', () => {
  test.use({ hasTouch: true, isMobile: true, viewport: { width: 390, height: 844 } });

  test('a finger moves the line', async ({ page, server }) => {
    await open(page, server);
    await upscale(page);
    await page.locator('#canvas').scrollIntoViewIfNeeded();
    const box = (await page.locator('#canvas').boundingBox())!;
    const session = await page.context().newCDPSession(page);
    const touch = (type: 'touchStart' | 'touchMove' | 'touchEnd', x?: number) => session.send('Input.dispatchTouchEvent', {
      type, touchPoints: x === undefined ? [] : [{ x, y: box.y + box.height / 2 }],
    });
    await touch('touchStart', box.x + box.width * 0.5);
    for (let i = 1; i <= 8; i++) await touch('touchMove', box.x + box.width * (0.5 + i * 0.03));
    await touch('touchEnd');
    expect(await share(page)).toBeCloseTo(74, -1);
  });
});

test('at 100 % the screen shows the very pixels of the file, the original on one side and the result on the other', async ({ page, server }) => {
  await open(page, server);
  await upscale(page);
  await page.getByRole('button', { name: '100 %' }).click();
  const frame = (await page.locator('#frame').boundingBox())!;
  const canvas = (await page.locator('#canvas').boundingBox())!;
  expect([canvas.width, canvas.height]).toEqual([448, 300]);

  const result = await decode(page, (await save(page)).bytes);
  await page.locator('#split').evaluate((slider: HTMLInputElement) => {
    slider.value = '30';
    slider.dispatchEvent(new Event('input'));
  });
  const strip = { x: 220, y: 90, width: 200, height: 100 };
  const clip = { ...strip, x: canvas.x + strip.x, y: canvas.y + strip.y };
  expect(clip.x).toBeGreaterThan(frame.x);
  const shown = await decode(page, await page.screenshot({ clip }));
  let different = 0;
  for (let y = 0; y < strip.height; y++) {
    for (let x = 0; x < strip.width; x++) {
      const there = ((strip.y + y) * result.width + strip.x + x) * 4;
      const here = (y * strip.width + x) * 4;
      if ([0, 1, 2].some((c) => shown.data[here + c] !== result.data[there + c])) different++;
    }
  }
  expect(different).toBe(0);

  await page.locator('#split').evaluate((slider: HTMLInputElement) => {
    slider.value = '100';
    slider.dispatchEvent(new Event('input'));
  });
  const before = await decode(page, await page.screenshot({ clip }));
  expect(before.data.some((value, i) => value !== shown.data[i])).toBe(true);
});

test('a picture larger than its frame can be moved by mouse and by keys, and no further than its edges', async ({ page, server }) => {
  await open(page, server);
  await page.getByRole('button', { name: 'Colosseum' }).click();
  await expect(page.locator('#name')).toHaveText('colosseum.jpg');
  await upscale(page, { steps: 1 });
  await page.getByRole('button', { name: '100 %' }).click();
  const left = async () => (await page.locator('#result').boundingBox())!.x;
  const start = await left();
  const frame = (await page.locator('#frame').boundingBox())!;

  await page.mouse.move(frame.x + 100, frame.y + 100);
  await page.mouse.down();
  await page.mouse.move(frame.x + 140, frame.y + 110, { steps: 3 });
  await page.mouse.up();
  expect(await left()).toBeCloseTo(start + 40, 0);
  expect(await share(page)).toBe(50);

  await page.locator('#frame').focus();
  for (let i = 0; i < 40; i++) await page.keyboard.press('ArrowLeft');
  expect(await left()).toBeCloseTo(frame.x, 0);
});

test('a narrow window still fits', async ({ page, server }) => {
  await page.setViewportSize({ width: 360, height: 640 });
  await open(page, server);
  await upscale(page, { file: fixture('cup-40x32.png') });
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  expect(overflow).toBe(0);
});
