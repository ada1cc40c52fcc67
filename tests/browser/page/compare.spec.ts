/** The before/after slider and the view, over the stand-in engine. */
import type { Page } from '@playwright/test';
import { expect, fixture, open, save, test, upscale } from '../support/fixtures.ts';
import { SAMPLE_PHOTO } from '../support/folders.ts';
import { decode } from '../support/pixels.ts';

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
    const touch = (type: 'touchStart' | 'touchMove' | 'touchEnd', x?: number) =>
      session.send('Input.dispatchTouchEvent', {
        type,
        touchPoints: x === undefined ? [] : [{ x, y: box.y + box.height / 2 }],
      });
    await touch('touchStart', box.x + box.width * 0.5);
    for (let i = 1; i <= 8; i++) await touch('touchMove', box.x + box.width * (0.5 + i * 0.03));
    await touch('touchEnd');
    expect(await share(page)).toBeCloseTo(74, -1);
  });

  test('a result comes into view, wherever its button was', async ({ page, server }) => {
    await page.emulateMedia({ reducedMotion: 'reduce' });
    await open(page, server);
    await page.locator('#seed').scrollIntoViewIfNeeded();
    await page.evaluate(() => scrollTo(0, 500));
    await page.locator('#seed').press('Enter');
    await expect(page.locator('body')).toHaveAttribute('data-phase', 'done');
    await expect.poll(async () => (await page.locator('#frame').boundingBox())!.y).toBeGreaterThanOrEqual(0);
    await expect(page.locator('#save')).toBeInViewport();
  });

  test('two fingers zoom', async ({ page, server }) => {
    await open(page, server);
    await upscale(page);
    await page.locator('#canvas').scrollIntoViewIfNeeded();
    const box = (await page.locator('#canvas').boundingBox())!;
    const session = await page.context().newCDPSession(page);
    const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
    const fingers = (type: 'touchStart' | 'touchMove' | 'touchEnd', apart: number) =>
      session.send('Input.dispatchTouchEvent', {
        type,
        touchPoints:
          type === 'touchEnd'
            ? []
            : [
                { x: x - apart, y, id: 1 },
                { x: x + apart, y, id: 2 },
              ],
      });
    await fingers('touchStart', 30);
    for (let apart = 35; apart <= 90; apart += 5) await fingers('touchMove', apart);
    await fingers('touchEnd', 0);
    expect((await page.locator('#result').boundingBox())!.width / box.width).toBeCloseTo(3, 0);
    expect(await share(page)).toBe(50);
  });
});

test('at 100 % the screen shows the very pixels of the file, the original on one side and the result on the other', async ({
  page,
  server,
}) => {
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

/** Where a point of the result lies on screen, as a share of its width and height. */
const under = (page: Page, x: number, y: number) =>
  page.locator('#result').evaluate(
    (image, [x, y]) => {
      const box = image.getBoundingClientRect();
      return [(x! - box.left) / box.width, (y! - box.top) / box.height];
    },
    [x, y],
  );

test('the wheel with Ctrl, double clicks and keys zoom, and what is under the pointer stays there', async ({ page, server }) => {
  await open(page, server);
  await upscale(page, { steps: 1 });
  const width = async () => (await page.locator('#result').boundingBox())!.width;
  const fit = await width();
  const frame = (await page.locator('#frame').boundingBox())!;
  const [x, y] = [frame.x + frame.width * 0.7, frame.y + frame.height * 0.45];
  await page.mouse.move(x, y);
  await page.mouse.wheel(0, -100);
  expect(await width()).toBe(fit);
  const before = await under(page, x, y);
  await page.keyboard.down('Control');
  await page.mouse.wheel(0, -300);
  await page.keyboard.up('Control');
  expect(await width()).toBeGreaterThan(2 * fit);
  const after = await under(page, x, y);
  for (const axis of [0, 1]) expect(after[axis]).toBeCloseTo(before[axis]!, 2);

  await split(page).focus();
  await page.keyboard.press('0');
  expect(await width()).toBe(fit);
  await page.keyboard.press('+');
  expect(await width()).toBeCloseTo(1.25 * fit, 0);
  await page.keyboard.press('-');
  expect(await width()).toBeCloseTo(fit, 0);
  await page.getByRole('button', { name: '200 %' }).click();
  expect(await width()).toBe(2 * 448);
  await page.mouse.dblclick(x, y);
  expect(await width()).toBe(fit);
  await page.mouse.dblclick(x, y);
  expect(await width()).toBeCloseTo(448, 6);
});

test('buttons zoom as well, up to sixteen screen pixels per pixel, and tell how far', async ({ page, server }) => {
  await open(page, server);
  await upscale(page, { steps: 1 });
  const width = async () => (await page.locator('#result').boundingBox())!.width;
  const now = page.locator('#zoom-now');
  await expect(now).toBeHidden();
  await page.getByRole('button', { name: '200 %' }).click();
  await page.getByRole('button', { name: 'Zoom in' }).click();
  await page.getByRole('button', { name: 'Zoom in' }).click();
  await expect(now).toHaveText('800 %');
  expect(await width()).toBe(8 * 448);
  // Each pixel is a square of eight: what is on screen has hard edges, on both sides of the line.
  await page.mouse.move(0, 0);
  const frame = (await page.locator('#frame').boundingBox())!;
  for (const x of [frame.x + 60, frame.x + frame.width - 124]) {
    const shown = await decode(page, await page.screenshot({ clip: { x, y: frame.y + 200, width: 64, height: 64 } }));
    const changes = new Set<number>();
    for (let i = 1; i < 64; i++) {
      const at = (32 * 64 + i) * 4;
      if ([0, 1, 2].some((c) => shown.data[at + c] !== shown.data[at - 4 + c])) changes.add(i % 8);
    }
    expect(changes.size).toBe(1);
  }
  for (let i = 0; i < 6; i++) await page.getByRole('button', { name: 'Zoom in' }).click();
  await expect(now).toHaveText('1600 %');
  for (let i = 0; i < 8; i++) await page.getByRole('button', { name: 'Zoom out' }).click();
  await expect(page.getByRole('button', { name: '100 %' })).toHaveAttribute('aria-pressed', 'true');
});

test('an enlarged original says what it is before there is a result', async ({ page, server }) => {
  await open(page, server);
  await expect(page.locator('#tag-before')).toBeVisible();
  await expect(page.locator('#tag-after')).toBeHidden();
  await upscale(page, { steps: 1 });
  await expect(page.locator('#tag-after')).toBeVisible();
});

test('side by side both halves show the same part, and move together', async ({ page, server }) => {
  await open(page, server);
  await upscale(page, { steps: 1 });
  await page.getByRole('button', { name: 'Side by side' }).click();
  await expect(split(page)).toBeHidden();
  const boxes = async () => [(await page.locator('#canvas').boundingBox())!, (await page.locator('#result').boundingBox())!] as const;
  const same = async () => {
    const [left, right] = await boxes();
    const frame = (await page.locator('#frame').boundingBox())!;
    expect(right.x - left.x).toBeCloseTo(frame.width / 2, -1);
    expect([right.y, right.width, right.height]).toEqual([left.y, left.width, left.height]);
    return left;
  };
  const fit = await same();
  const frame = (await page.locator('#frame').boundingBox())!;
  expect(fit.width).toBeLessThanOrEqual(frame.width / 2);
  await page.getByRole('button', { name: '200 %' }).click();
  const before = await same();
  await page.mouse.move(frame.x + 80, frame.y + 90);
  await page.mouse.down();
  await page.mouse.move(frame.x + 110, frame.y + 100, { steps: 3 });
  await page.mouse.up();
  expect((await same()).x).toBeCloseTo(before.x + 30, 0);
  await page.getByRole('button', { name: 'Side by side' }).click();
  await expect(split(page)).toBeVisible();
});

for (const width of [1280, 1281, 1283]) {
  test(`in a window of ${width} pixels both panes lie on the screen's pixels, also one below the other`, async ({ page, server }) => {
    await page.setViewportSize({ width, height: 801 });
    await open(page, server);
    await upscale(page, { file: SAMPLE_PHOTO, steps: 1 });
    await page.getByRole('button', { name: 'Side by side' }).click();
    await page.getByRole('button', { name: '100 %' }).click();
    const [left, right] = [(await page.locator('#canvas').boundingBox())!, (await page.locator('#result').boundingBox())!];
    expect(right.x).toBe(left.x);
    expect(right.y - left.y).toBeCloseTo((await page.locator('#frame').boundingBox())!.height / 2, -1);
    for (const edge of [left.x, left.y, right.x, right.y]) expect(Math.abs(edge - Math.round(edge))).toBeLessThan(0.01);
    // The same point under the pointer, in the lower pane too.
    const frame = (await page.locator('#frame').boundingBox())!;
    const [x, y] = [frame.x + frame.width * 0.3, frame.y + frame.height * 0.8];
    const before = await under(page, x, y);
    await page.mouse.move(x, y);
    await page.keyboard.down('Control');
    await page.mouse.wheel(0, -100);
    await page.keyboard.up('Control');
    const after = await under(page, x, y);
    for (const axis of [0, 1]) expect(after[axis]).toBeCloseTo(before[axis]!, 2);
  });
}

test('a narrow window still fits', async ({ page, server }) => {
  await page.setViewportSize({ width: 360, height: 640 });
  await open(page, server);
  await upscale(page, { file: fixture('cup-40x32.png') });
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  expect(overflow).toBe(0);
});
