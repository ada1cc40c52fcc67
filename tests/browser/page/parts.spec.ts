/** The parts of the page that need no browser. */
import { expect, test } from '@playwright/test';
import { Eta } from '../../../www/src/run/eta.ts';
import { uniqueNames } from '../../../www/src/output/destinations.ts';
import { resultName, sizeMark } from '../../../www/src/output/file-name.ts';
import { text } from '../../../www/src/i18n/text.ts';
import { clampPan, clampZoom, isLargerBelow, place, visible } from '../../../www/src/viewer/geometry.ts';

test('time left: unknown at first, exact at a steady pace, and quick to forget a slow start', () => {
  const steady = new Eta();
  expect(steady.report(0, 0)).toBeNull();
  expect(steady.report(2, 0.1)).toBeCloseTo(18);
  expect(steady.report(4, 0.2)).toBeCloseTo(16);

  const slowStart = new Eta();
  slowStart.report(0, 0);
  let left: number | null = null;
  for (let i = 1; i <= 20; i++) left = slowStart.report(60 + i, i / 40);
  expect(left).toBeCloseTo(20);
});

test('time left: what was expected stands until the run shows its pace; a cold start is not part of it', () => {
  const expected = new Eta(30, true);
  expect(expected.report(0, 0)).toBe(30);
  expect(expected.report(9, 0.1)).toBeCloseTo(27);
  expect(expected.report(11, 0.2)).toBeCloseTo(16);

  const cold = new Eta(null, true);
  expect(cold.report(0, 0)).toBeNull();
  expect(cold.report(9, 0.1)).toBeNull();
  expect(cold.report(11, 0.2)).toBeCloseTo(16);
});

test('time left is as coarse as the estimate, and stays true', () => {
  expect(text.timeLeft(2)).toBe('A few seconds left');
  expect(text.timeLeft(12)).toBe('About 12 seconds left');
  expect(text.timeLeft(41)).toBe('About 40 seconds left');
  expect(text.timeLeft(100)).toBe('About 1.5 minutes left');
  expect(text.timeLeft(5400)).toBe('About 1.5 hours left');
  const off = (seconds: number): number => {
    const [, count, unit] = /([\d.]+) (second|minute|hour)/.exec(text.timeLeft(seconds))!;
    return Math.abs((Number(count) * { second: 1, minute: 60, hour: 3600 }[unit!]!) / seconds - 1);
  };
  expect(Math.max(...Array.from({ length: 2000 }, (_, i) => off(5 + i * 10.3)))).toBeLessThan(0.15);
});

test('names of results', () => {
  expect(resultName('holiday.jpeg')).toBe('holiday_x4.png');
  expect(resultName('a.b.webp')).toBe('a.b_x4.png');
  expect(resultName('../odd:name?.png')).toBe('.._odd_name__x4.png');
  expect(resultName('.png')).toBe('picture_x4.png');
  expect(resultName('')).toBe('picture_x4.png');
  expect(resultName('holiday.png', 'image/jpeg')).toBe('holiday_x4.jpg');
  expect(resultName('holiday.png', 'image/webp')).toBe('holiday_x4.webp');
  expect(resultName('holiday.png', 'image/png', sizeMark(2, 8, 8))).toBe('holiday_x2.png');
  expect(resultName('holiday.png', 'image/png', sizeMark(1.5, 640, 480))).toBe('holiday_640x480.png');
});

test('names of results are different on every file system', () => {
  const [composed, apart] = ['Größe_x4.png'.normalize('NFC'), 'Größe_x4.png'.normalize('NFD')] as const;
  expect(composed).not.toBe(apart);
  expect(uniqueNames([composed, apart])).toEqual([composed, apart.replace('.png', ' (2).png')]);
  expect(uniqueNames([apart, 'GRÖSSE_x4.png', composed.toUpperCase()])).toHaveLength(3);
  expect(new Set(uniqueNames([composed, apart, composed.toUpperCase()]).map((name) => name.normalize('NFC').toLowerCase())).size).toBe(3);
});

test('names of results fit every file system, whole characters and the ending', () => {
  const bytes = (name: string): number => Buffer.byteLength(name);
  const max = 240;
  for (const letter of ['x', 'ö', 'o\u0308', '漢', '👩']) {
    const name = resultName(`${letter.repeat(251)}.png`);
    expect(name).toMatch(/_x4\.png$/);
    expect(bytes(name)).toBeLessThanOrEqual(max);
    expect(bytes(name)).toBeGreaterThan(max - bytes(letter));
    expect(name.slice(0, -'_x4.png'.length)).toBe(letter.repeat(name.slice(0, -'_x4.png'.length).length / letter.length));
    const [first, second] = uniqueNames([name, name]);
    expect(first).toBe(name);
    expect(second).toMatch(/ \(2\)\.png$/);
    expect(bytes(second!)).toBeLessThanOrEqual(max);
  }
});

test('sizes of files', () => {
  expect(text.bytes(0)).toBe('0 kB');
  expect(text.bytes(850)).toBe('1 kB');
  expect(text.bytes(2_706_448)).toBe('2.7 MB');
  expect(text.bytes(99_949_999)).toBe('99.9 MB');
  expect(text.bytes(99_950_000)).toBe('100 MB');
  expect(text.bytes(348_400_000)).toBe('348 MB');
  expect(text.bytes(999_499_999)).toBe('999 MB');
});

test('fit shows the whole picture in the middle and does not blow up a tiny one', () => {
  const frame = { width: 800, height: 600 };
  expect(place(frame, { left: 0, top: 0 }, { width: 1600, height: 400 }, 'fit', { x: 0, y: 0 }, 1)).toEqual({
    left: 0,
    top: 200,
    width: 800,
    height: 200,
  });
  expect(place(frame, { left: 0, top: 0 }, { width: 4, height: 4 }, 'fit', { x: 0, y: 0 }, 1).width).toBe(8);
});

test('100 % lays picture pixels on screen pixels, wherever the frame is', () => {
  for (const density of [1, 1.25, 1.5, 2, 3]) {
    for (const origin of [
      { left: 0, top: 0 },
      { left: 60.4, top: 121.3 },
    ]) {
      const rect = place({ width: 799, height: 533 }, origin, { width: 600, height: 401 }, 1, { x: 3.3, y: -7.7 }, density);
      expect(rect.width * density).toBeCloseTo(600, 9);
      expect(rect.height * density).toBeCloseTo(401, 9);
      for (const edge of [(origin.left + rect.left) * density, (origin.top + rect.top) * density]) {
        expect(Math.abs(edge - Math.round(edge))).toBeLessThan(1e-6);
      }
    }
  }
});

test('wide pictures are compared below each other, tall ones beside each other', () => {
  expect(isLargerBelow({ width: 800, height: 600 }, { width: 1600, height: 900 })).toBe(true);
  expect(isLargerBelow({ width: 800, height: 600 }, { width: 900, height: 1600 })).toBe(false);
  expect(isLargerBelow({ width: 800, height: 600 }, { width: 4, height: 4 })).toBe(false);
});

test('zooming ends at the whole picture, or at its pixels if those are less', () => {
  const frame = { width: 800, height: 600 };
  expect(clampZoom(frame, { width: 1600, height: 100 }, 0.2, 1)).toBe('fit');
  expect(clampZoom(frame, { width: 1600, height: 100 }, 0.7, 1)).toBe(0.7);
  expect(clampZoom(frame, { width: 500, height: 100 }, 0.2, 1)).toBe(1);
  expect(clampZoom(frame, { width: 500, height: 100 }, 1.6, 1)).toBe('fit');
  expect(clampZoom(frame, { width: 500, height: 100 }, 99, 1)).toBe(16);
});

test('panning stops at the edges, and a picture that fits stays put', () => {
  const frame = { width: 800, height: 600 };
  expect(clampPan(frame, { width: 1000, height: 500 }, { x: 500, y: 500 })).toEqual({ x: 100, y: 0 });
  expect(clampPan(frame, { width: 1000, height: 500 }, { x: -500, y: 0 })).toEqual({ x: -100, y: 0 });
  expect(visible(frame, { left: -100, top: 50, width: 1000, height: 500 })).toEqual({ left: 0, top: 50, width: 800, height: 500 });
});
