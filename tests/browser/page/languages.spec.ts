/** Five languages: complete, chosen by the browser or in the page, remembered, there offline, and none too long for a phone. */
import type { Page } from '@playwright/test';
import { en, type Words } from '../../../www/src/i18n/languages/en.ts';
import { es } from '../../../www/src/i18n/languages/es.ts';
import { ja } from '../../../www/src/i18n/languages/ja.ts';
import { vi } from '../../../www/src/i18n/languages/vi.ts';
import { zh } from '../../../www/src/i18n/languages/zh.ts';
import { FONTS, useFont } from '../support/fonts.mjs';
import { begin, errorCode, expect, finished, fixture, open, test, upscale } from '../support/fixtures.ts';

const OTHERS: Record<string, Words> = { vi, zh, es, ja };
/** Names, units and numbers that are the same in English and another language. */
const SHARED =
  /^(whole|decimal|bytes|percent|short|plural|gpu|cpu|loadedSoFar|loadedOf|seconds|minutes|progress|model|nonCommercial|shares|fault)$/;

function said(words: Words, key: keyof Words): string {
  const value: unknown = words[key];
  return typeof value === 'function' ? String((value as (...given: unknown[]) => unknown)(1, 2, 3, 4)) : String(value);
}

for (const [name, words] of Object.entries(OTHERS)) {
  test(`${name} says everything in its own words`, () => {
    expect(Object.keys(words).sort()).toEqual(Object.keys(en).sort());
    const english = (Object.keys(en) as (keyof Words)[]).filter((key) => !SHARED.test(key) && said(words, key) === said(en, key));
    expect(english).toEqual([]);
    for (const code of ['no-input', 'image-too-large', 'http', 'offline', 'gpu', 'storage', 'internal'] as const) {
      const told = words.fault({ code, message: 'English', advice: 'English' });
      expect(told.message, code).not.toBe('English');
      expect(told.advice, code).not.toBe('English');
    }
  });
}

test.describe('the page', () => {
  test.use({ engine: 'fake', viewport: { width: 320, height: 640 } });

  const fits = async (page: Page, state: string): Promise<void> => {
    for (const font of FONTS) {
      await useFont(page, font);
      await fitsAsItIs(page, `${state}, ${font} letters`);
    }
  };

  const fitsAsItIs = async (page: Page, state: string): Promise<void> => {
    const tooWide = await page.evaluate(() => {
      const width = document.documentElement.clientWidth;
      const wide = [...document.querySelectorAll<HTMLElement>('header *, main *, footer *, dialog[open] *')].filter((element) => {
        if (element.closest('.visually-hidden, .frame, [hidden], svg') || element.getClientRects().length === 0) return false;
        const { left, right } = element.getBoundingClientRect();
        return (
          left < 0 ||
          right > width + 0.5 ||
          (element.matches('button, a, span, p') && element.scrollWidth > element.clientWidth + 1 && element.clientWidth > 0)
        );
      });
      // What lies on the picture has a corner each.
      const corners = [...document.querySelectorAll('.zoom, .beside, .tag')]
        .map((element) => element.getBoundingClientRect())
        .filter(({ width }) => width > 0);
      const meet = corners.some((a, i) =>
        corners.slice(i + 1).some((b) => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom),
      );
      if (meet) return { wide: ['controls on the picture overlap'], page: 0 };
      return {
        wide: wide.map((element) => `${element.tagName} ${element.id} ${element.textContent}`),
        page: document.documentElement.scrollWidth - width,
      };
    });
    expect(tooWide, state).toEqual({ wide: [], page: 0 });
  };

  /** English that is still to be seen or heard. */
  const english = (page: Page): Promise<string[]> =>
    page.evaluate(
      (fixed) => {
        const found: string[] = [];
        const words = new Set(fixed);
        const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
        while (walk.nextNode()) {
          const line = walk.currentNode.textContent?.trim() ?? '';
          if (words.has(line) && !walk.currentNode.parentElement?.closest('noscript, [hidden]')) found.push(line);
        }
        for (const element of document.querySelectorAll('[aria-label], [alt]')) {
          for (const name of ['aria-label', 'alt'])
            if (words.has(element.getAttribute(name) ?? '')) found.push(element.getAttribute(name)!);
        }
        return found;
      },
      (Object.keys(en) as (keyof Words)[])
        .filter((key) => typeof en[key] === 'string' && !Object.values(OTHERS).some((words) => words[key] === en[key]))
        .map((key) => en[key] as string),
    );

  for (const [name, words] of Object.entries({ en, ...OTHERS })) {
    test.describe(`in ${name}`, () => {
      test.use({ locale: { en: 'en-GB', vi: 'vi-VN', zh: 'zh-CN', es: 'es-MX', ja: 'ja-JP' }[name]! });

      test("speaks the browser's language in every state, within 320 pixels", async ({ page, server }) => {
        await page.addInitScript(() => {
          let shift = 0;
          Object.assign(globalThis, { fake: { pace: 60, createError: 'no-webgpu' }, shift: () => shift });
          new PerformanceObserver((list) => {
            for (const entry of list.getEntries() as (PerformanceEntry & { value: number; hadRecentInput: boolean })[])
              if (!entry.hadRecentInput) shift += entry.value;
          }).observe({ type: 'layout-shift', buffered: true });
        });
        await open(page, server);
        await expect(page).toHaveTitle(words.title);
        await expect(page.locator('html')).toHaveAttribute('lang', name === 'zh' ? 'zh-Hans' : name);
        await expect(page.locator('h1')).toHaveText(words.headline);
        await expect(page.locator('.promise')).toContainText(words.promise);
        await expect(page.locator('#runs-on')).not.toBeEmpty();
        expect(await page.evaluate(() => (globalThis as unknown as { shift(): number }).shift())).toBeLessThan(0.1);
        // The service worker keeps all of them for later; the page itself takes one.
        const taken = await page.evaluate(() =>
          performance
            .getEntriesByType('resource')
            .map(({ name }) => /parts\/(vi|zh|es|ja)-/.exec(name)?.[1])
            .filter(Boolean),
        );
        expect(taken).toEqual(name === 'en' ? [] : [name]);
        await fits(page, 'first screen');

        await begin(page, { file: fixture('cup-40x32.png'), steps: 4 });
        await expect(page.locator('#load-text')).not.toBeEmpty();
        await fits(page, 'loading');
        expect(await errorCode(page)).toBe('no-webgpu');
        if (name !== 'en')
          expect(await page.locator('#error-message').innerText()).toBe(
            words.fault({ code: 'no-webgpu', message: '', advice: '' }).message,
          );
        await fits(page, 'failed');
        await page.locator('#retry').click();
        await finished(page);
        await fits(page, 'done');
        await page.locator('#models summary').click();
        await page.locator('#add-model').click();
        await expect(page.locator('#import-text')).toHaveText(words.importNeedsFiles);
        await fits(page, 'a dialog');
        if (name !== 'en') expect(await english(page)).toEqual([]);
      });
    });
  }

  test('strips follow it, with their buttons', async ({ page, context, server }) => {
    await context.addInitScript(() => Object.assign(globalThis, { fake: { warnings: ['storage'] } }));
    await open(page, server);
    await upscale(page, { file: fixture('cup-40x32.png'), steps: 1 });
    await page.close();
    const next = await context.newPage();
    await open(next, server);
    await upscale(next, { file: fixture('cup-40x32.png'), steps: 1 });
    const strips = next.locator('.strip');
    await expect(strips).toHaveText([new RegExp(en.keptContinue), new RegExp(en.dismiss)]);
    for (const [name, words] of Object.entries({ ja, es })) {
      await next.locator('#language').selectOption(name);
      const { message, advice } = words.fault({ code: 'storage', message: '', advice: '' });
      await expect(strips).toHaveText([
        `${words.keptPictures(1)}${words.keptContinue}${words.keptDelete}${words.dismiss}`,
        `${message} ${advice}${words.dismiss}`,
      ]);
    }
    await strips.first().getByRole('button', { name: es.keptDelete }).click();
    await expect(strips).toHaveCount(1);
    await strips.getByRole('button', { name: es.dismiss }).click();
    await next.locator('#language').selectOption('en');
    await expect(next.locator('h1')).toHaveText(en.headline);
    await expect(strips).toHaveCount(0);
  });

  test('can be changed with a result on screen, is remembered, and is there offline', async ({ page, context, server }) => {
    await open(page, server);
    await begin(page, { file: fixture('cup-40x32.png'), steps: 1 });
    await finished(page);
    await page.locator('#language').selectOption('es');
    await expect(page.locator('h1')).toHaveText(es.headline);
    await expect(page.locator('#upscale')).toHaveText(es.upscaleAgain);
    await expect(page.locator('#outcome')).toContainText('píxeles');
    await expect(page.locator('#name')).toHaveText('cup-40x32.png');
    await expect(page.locator('#result')).toBeVisible();
    expect(await english(page)).toEqual([]);

    await page.evaluate(async () => {
      await navigator.serviceWorker.ready;
    });
    await context.setOffline(true);
    await server.stop();
    await page.reload();
    await expect(page.locator('h1')).toHaveText(es.headline);
    await page.locator('#language').selectOption('ja');
    await expect(page.locator('h1')).toHaveText(ja.headline);
  });
});
