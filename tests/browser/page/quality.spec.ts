/** What an audit of the page looks at: weight, blocking, text, targets, pictures, metadata, installation; over the stand-in engine. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Page } from '@playwright/test';
import { choose, expect, finished, fixture, open, test, upscale } from '../support/fixtures.ts';
import { FAKE_DIST, SAMPLE_PHOTO } from '../support/folders.ts';

test.use({ engine: 'fake' });

test.describe('before the first click', () => {
  // A service worker would fetch everything for later.
  test.use({ serviceWorkers: 'block' });

  test('little is fetched, nothing of the engine, and only small files of this site hold up the picture', async ({ page, server }) => {
    const begun = Date.now();
    await open(page, server);
    await expect(page.locator('#upscale')).toBeEnabled();
    // Far more than it takes: whatever blocks the page for seconds is caught, a busy machine is not.
    expect(Date.now() - begun).toBeLessThan(10_000);
    const fetched = await page.evaluate(() =>
      performance.getEntriesByType('resource').map((entry) => ({
        path: new URL(entry.name).pathname.slice(1),
        blocking: (entry as PerformanceResourceTiming & { renderBlockingStatus: string }).renderBlockingStatus === 'blocking',
      })),
    );
    expect(fetched.filter(({ path }) => /worker|wasm|models\//.test(path))).toEqual([]);
    expect(
      fetched
        .filter(({ blocking }) => blocking)
        .map(({ path }) => path)
        .sort(),
    ).toEqual(['before-paint.js', 'style.css']);
    const files = ['index.html', ...new Set(fetched.map(({ path }) => path))];
    const packed = await Promise.all(files.map(async (path) => ({ path, bytes: gzipSync(await readFile(join(FAKE_DIST, path))).length })));
    const sum = (pattern: RegExp) => packed.filter(({ path }) => pattern.test(path)).reduce((total, { bytes }) => total + bytes, 0);
    expect(sum(/\.(js|css|html)$/), 'code, gzip').toBeLessThan(50_000);
    expect(sum(/./), 'everything, gzip').toBeLessThan(200_000);
  });
});

test('a search engine and a screen reader find what they need', async ({ page, server }) => {
  await open(page, server);
  const found = await page.evaluate(() => ({
    title: document.title,
    description: document.querySelector('meta[name=description]')?.getAttribute('content') ?? '',
    viewport: document.querySelector('meta[name=viewport]')?.getAttribute('content') ?? '',
    lang: document.documentElement.lang,
    headings: document.querySelectorAll('h1').length,
    doctype: document.doctype?.name,
    charset: document.characterSet,
    nameless: [...document.images].filter((image) => !image.hasAttribute('alt')).map(({ src }) => src),
    sizeless: [...document.images]
      .filter((image) => !['result', 'other'].includes(image.id) && !(image.hasAttribute('width') && image.hasAttribute('height')))
      .map(({ src }) => src),
    dead: [...document.links].filter(({ href }) => !href.startsWith(location.origin)).map(({ href }) => href),
  }));
  expect(found).toMatchObject({ lang: 'en', headings: 1, doctype: 'html', charset: 'UTF-8', nameless: [], sizeless: [], dead: [] });
  expect(found.title.length).toBeGreaterThan(10);
  expect(found.description.length).toBeGreaterThan(50);
  expect(found.description.length).toBeLessThan(160);
  expect(found.viewport).toContain('width=device-width');
  expect(found.viewport).not.toMatch(/user-scalable|maximum-scale/);
});

test('the browser has nothing to complain of: no deprecated use, no quirks, no breach of the policy', async ({ page, server }) => {
  const session = await page.context().newCDPSession(page);
  const issues: string[] = [];
  session.on('Audits.issueAdded', ({ issue }) => issues.push(issue.code));
  await session.send('Audits.enable');
  await open(page, server);
  await upscale(page, { file: fixture('cup-16x16.png'), steps: 1 });
  expect(issues).toEqual([]);
});

test('a browser offers to install it', async ({ page, server }) => {
  await open(page, server);
  await page.evaluate(async () => {
    await navigator.serviceWorker.ready;
  });
  const session = await page.context().newCDPSession(page);
  const { errors, url } = await session.send('Page.getAppManifest');
  expect(url).toBe(`${server.url}manifest.webmanifest`);
  expect(errors).toEqual([]);
  const { installabilityErrors } = await session.send('Page.getInstallabilityErrors');
  // Tests run in windows that leave no traces, where nothing can be installed.
  expect(installabilityErrors.map(({ errorId }) => errorId).filter((id) => id !== 'in-incognito')).toEqual([]);
});

for (const { name, ...device } of [
  { name: 'a phone', viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true, finger: 44 },
  { name: 'a desktop', viewport: { width: 1280, height: 800 }, hasTouch: false, isMobile: false, finger: 24 },
]) {
  const { finger, ...use } = device;
  test.describe(`on ${name}`, () => {
    test.use(use);

    /** Whatever can be pressed and is smaller than `finger`, and text below 12 pixels. */
    const tooSmall = (page: Page) =>
      page.evaluate((min) => {
        const shown = (element: Element) => element.getClientRects().length > 0 && !element.closest('.visually-hidden');
        const targets = [...document.querySelectorAll<HTMLElement>('button, select, a, summary, input:not(.split)')]
          .filter(shown)
          .map((element) => {
            const { width, height } = (element.closest('label') ?? element).getBoundingClientRect();
            return { what: element.id || element.textContent || element.className, width: Math.round(width), height: Math.round(height) };
          });
        const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
        const texts: string[] = [];
        while (walk.nextNode()) {
          const parent = walk.currentNode.parentElement!;
          if (walk.currentNode.textContent!.trim() && shown(parent) && parseFloat(getComputedStyle(parent).fontSize) < 12)
            texts.push(walk.currentNode.textContent!);
        }
        return { targets: targets.filter(({ width, height }) => width < min || height < min), texts };
      }, finger);

    test('everything that can be pressed is large enough, and so is all text', async ({ page, server }) => {
      await open(page, server);
      await page.getByText('More settings').click();
      await page.getByText('Models on this device').click();
      expect(await tooSmall(page), 'first screen').toEqual({ targets: [], texts: [] });
      await page.locator('#file').setInputFiles([fixture('cup-16x16.png'), fixture('cup-40x32.png')]);
      await upscale(page, { steps: 1 });
      await expect(page.locator('#queue-list li[data-state=done]')).toHaveCount(2);
      expect(await tooSmall(page), 'a batch').toEqual({ targets: [], texts: [] });
    });

    test('nothing jumps, from the first paint to the result', async ({ page, server }) => {
      await page.addInitScript(() => {
        const shifts: { value: number; what: string }[] = [];
        Object.assign(globalThis, { fake: { pace: 80, tile: 320 }, shifts });
        new PerformanceObserver((list) => {
          for (const entry of list.getEntries() as (PerformanceEntry & {
            value: number;
            hadRecentInput: boolean;
            sources: { node?: Element }[];
          })[]) {
            if (!entry.hadRecentInput)
              shifts.push({
                value: entry.value,
                what: entry.sources.map(({ node }) => node?.id || node?.className || node?.nodeName).join(' '),
              });
          }
        }).observe({ type: 'layout-shift', buffered: true });
      });
      const shifts = () => page.evaluate(() => (globalThis as unknown as { shifts: { value: number; what: string }[] }).shifts);
      const total = async () => (await shifts()).reduce((sum, { value }) => sum + value, 0);
      await open(page, server);
      await expect(page.locator('#estimate')).not.toBeEmpty();
      expect(await total(), JSON.stringify(await shifts())).toBeLessThan(0.01);
      await choose(page, SAMPLE_PHOTO);
      await page.locator('input[name=steps][value="4"]').check();
      await page.locator('#upscale').click();
      await finished(page);
      // The panel changes when a run ends, as it must; what holds the picture stays where it is.
      expect(await total(), JSON.stringify(await shifts())).toBeLessThan(0.1);
      expect((await shifts()).filter(({ what }) => /frame|stage|toolbar/.test(what))).toEqual([]);
    });
  });
}
