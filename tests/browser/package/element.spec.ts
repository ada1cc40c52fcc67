/** `<resshift-upscaler>`: runs, tells, takes part in a form, and can be used by everybody. */
import { readFileSync } from 'node:fs';
import AxeBuilder from '@axe-core/playwright';
import type { Page } from '@playwright/test';
import es from '../../../npm/src/languages/es.ts';
import { expect, fixture, test } from '../support/fixtures.ts';
import type { TestServer } from '../support/server.ts';

async function show(page: Page, server: TestServer, attributes: string): Promise<void> {
  const html = `<!doctype html><html lang="en"><title>Element</title><link rel="icon" href="data:,"><body><main><h1>Element</h1>
    <form><resshift-upscaler src="cup.png" alt="A cup" device="cpu" steps="1" name="picture" ${attributes}></resshift-upscaler></form></main>`;
  server.add(new Map([['cup.png', readFileSync(fixture('cup-16x16.png'))]]));
  await page.route('**/element.html', (route) => route.fulfill({ contentType: 'text/html', body: html }));
  await page.goto(`${server.url}element.html`);
  await page.evaluate(async () => {
    const told: string[] = ((globalThis as Record<string, unknown>)['told'] = []) as string[];
    const element = document.querySelector('resshift-upscaler')!;
    for (const type of ['progress', 'tile', 'done', 'error']) element.addEventListener(type, () => told.push(type));
    const address = '/resshift/element.js';
    await import(address);
  });
}

const told = (page: Page): Promise<string[]> => page.evaluate(() => (globalThis as unknown as { told: string[] }).told);

test('the button starts a run; events tell of it; the form has the file', async ({ page, server }) => {
  await show(page, server, 'controls');
  expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);
  expect(await told(page)).toEqual([]);
  await page.getByRole('button', { name: 'Upscale' }).press('Enter');
  await expect(page.getByRole('status')).toHaveText('64 × 64 pixels', { timeout: 60_000 });
  const types = await told(page);
  expect(types).toContain('progress');
  expect(types).toContain('tile');
  expect(types.at(-1)).toBe('done');
  await expect(page.getByRole('link', { name: 'Save' })).toHaveAttribute('download', 'cup_x4.png');
  const file = await page.evaluate(() => {
    const value = new FormData(document.querySelector('form')!).get('picture') as File;
    return { name: value.name, type: value.type, some: value.size > 100 };
  });
  expect(file).toEqual({ name: 'cup_x4.png', type: 'image/png', some: true });
  expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);
  await page.evaluate(() => document.querySelector('form')!.reset());
  expect(await page.evaluate(() => new FormData(document.querySelector('form')!).get('picture'))).toBeNull();
});

test('without controls it starts by itself', async ({ page, server }) => {
  await show(page, server, '');
  await expect(page.getByRole('status')).toHaveText('64 × 64 pixels', { timeout: 60_000 });
  await expect(page.getByRole('button')).toHaveCount(0);
});

test('every part that its description names can be styled', async ({ page, server }) => {
  await show(page, server, 'controls');
  const named = /Parts to style: ([^.]+)\./.exec(readFileSync(new URL('../../../npm/src/element.d.ts', import.meta.url), 'utf8'))![1]!;
  const parts = [...named.matchAll(/`([a-z]+)`/g)].map(([, part]) => part!);
  expect(parts.length).toBeGreaterThan(5);
  await page.addStyleTag({
    content: parts.map((part, i) => `resshift-upscaler::part(${part}) { outline: ${i + 1}px solid red }`).join('\n'),
  });
  const widths = await page.evaluate(
    (parts) =>
      parts.map((part) => {
        const element = document.querySelector('resshift-upscaler')!.shadowRoot;
        return element === null ? 'closed' : getComputedStyle(element.querySelector(`[part~='${part}']`)!).outlineWidth;
      }),
    parts,
  );
  expect(widths).toEqual(parts.map((_, i) => `${i + 1}px`));
});

test('it speaks the language of its place, and says other words where they are given', async ({ page, server, tolerate }) => {
  tolerate(/ERR_FAILED/);
  await show(page, server, 'controls');
  const label = (lang: string): Promise<string> =>
    page.evaluate((lang) => {
      document.querySelector('form')!.lang = lang;
      const element = document.querySelector('resshift-upscaler')!;
      // Moved, as a page that changes its language would make it anew.
      document.querySelector('form')!.append(element);
      return element.shadowRoot!.querySelector('slot')!.textContent!;
    }, lang);
  const labels = { en: 'Upscale 4×', de: 'Upscale 4×', 'es-MX': 'Ampliar 4×', ja: '4 倍に拡大', vi: 'Phóng to 4×', 'zh-CN': '放大 4×' };
  for (const [lang, expected] of Object.entries(labels)) expect(await label(lang), lang).toBe(expected);
  await label('ja');
  await page.getByRole('button', { name: '4 倍に拡大' }).press('Enter');
  await expect(page.getByRole('status')).toHaveText('64 × 64 ピクセル', { timeout: 60_000 });

  await page.evaluate(() => {
    const element = document.querySelector('resshift-upscaler') as HTMLElement;
    element.lang = 'es';
    element.setAttribute('text-start', 'Más grande');
    element.setAttribute('text-done', '{width}!');
  });
  await page.getByRole('button', { name: 'Más grande' }).press('Enter');
  await expect(page.getByRole('link', { name: 'Guardar' })).toBeFocused({ timeout: 60_000 });
  await expect(page.getByRole('status')).toHaveText('64!');
  await page.evaluate(() => {
    const element = document.querySelector('resshift-upscaler') as any;
    element.setAttribute('steps', 'many');
    return element.start().catch(() => undefined);
  });
  await expect(page.getByRole('status')).toHaveText(es['bad-option'].join(' '));
  // Where its words cannot be had, or are not known, the error speaks for itself.
  for (const lang of ['vi', 'de']) {
    await page.route('**/languages/*.js', (route) => route.abort());
    await page.evaluate((lang) => {
      const element = document.querySelector('resshift-upscaler') as any;
      element.lang = lang;
      return element.start().catch(() => undefined);
    }, lang);
    await expect(page.getByRole('status')).toContainText('steps must be an integer');
  }
});

test('what is wrong is said, and told as an event with its code', async ({ page, server }) => {
  await show(page, server, 'controls');
  const code = await page.evaluate(() => {
    const element = document.querySelector('resshift-upscaler') as HTMLElement & { start(): Promise<unknown> };
    element.setAttribute('steps', 'many');
    return element.start().catch((error: { code: string }) => error.code);
  });
  expect(code).toBe('bad-option');
  expect(await told(page)).toEqual(['error']);
  await expect(page.getByRole('status')).toContainText('steps must be an integer');
  await expect(page.getByRole('button', { name: 'Upscale' })).toBeVisible();
});

test('focus goes from button to button, and never to the body', async ({ page, server }) => {
  await show(page, server, 'controls');
  const focused = (): Promise<string | null> =>
    page.evaluate(() => document.activeElement?.shadowRoot?.activeElement?.getAttribute('part') ?? document.activeElement!.localName);
  // Where the focus goes as each part takes another's place.
  await page.evaluate(() => {
    const element = document.querySelector('resshift-upscaler') as any;
    element.focus();
    element.addEventListener('progress', () => ((globalThis as any).during ??= element.shadowRoot.activeElement?.getAttribute('part')));
  });
  expect(await focused(), 'the element delegates its focus').toBe('start');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('link', { name: 'Save' })).toBeFocused({ timeout: 60_000 });
  expect(await page.evaluate(() => (globalThis as any).during)).toBe('cancel');
  await page.evaluate(async () => {
    const element = document.querySelector('resshift-upscaler') as any;
    element.setAttribute('steps', '15');
    const ended = new Promise((resolve) => element.addEventListener('error', resolve));
    element.addEventListener(
      'progress',
      () => {
        const cancel = element.shadowRoot.querySelector("[part='cancel']");
        cancel.focus();
        cancel.click();
      },
      { once: true },
    );
    element.start().catch(() => undefined);
    await ended;
  });
  expect(await focused()).toMatch(/^(start|download)$/);
});

test('a form that requires it is not sent without the result', async ({ page, server }) => {
  await show(page, server, 'controls required');
  const valid = (): Promise<[boolean, boolean, string]> =>
    page.evaluate(() => {
      const element = document.querySelector('resshift-upscaler') as any;
      return [document.querySelector('form')!.checkValidity(), element.validity.valueMissing, element.validationMessage];
    });
  expect(await valid()).toEqual([false, true, 'Upscale the picture first.']);
  await page.evaluate(() => (document.querySelector('resshift-upscaler') as any).start());
  expect(await valid()).toEqual([true, false, '']);
  await page.evaluate(() => document.querySelector('form')!.reset());
  expect((await valid())[0]).toBe(false);
  await page.evaluate(() => document.querySelector('resshift-upscaler')!.removeAttribute('required'));
  expect((await valid())[0]).toBe(true);
});

test('moving it keeps run and result; a file can be set in place of an address', async ({ page, server }) => {
  await show(page, server, 'controls');
  const seen = await page.evaluate(async () => {
    const element = document.querySelector('resshift-upscaler') as any;
    const place = document.body.appendChild(document.createElement('section'));
    const run = element.start();
    await new Promise((resolve) => element.addEventListener('progress', resolve, { once: true }));
    place.append(element);
    const { width } = await run;
    document.querySelector('form')!.append(element);
    const kept = element.result?.width;
    const canvas = Object.assign(document.createElement('canvas'), { width: 8, height: 4 });
    canvas.getContext('2d')!.fillRect(0, 0, 8, 4);
    element.file = new File([await new Promise<Blob>((done) => canvas.toBlob((blob) => done(blob!)))], 'drawn.png');
    const cleared = element.result;
    const drawn = await element.start();
    return { width, kept, cleared, drawn: [drawn.width, drawn.height], name: element.shadowRoot.querySelector('a').download };
  });
  expect(seen).toEqual({ width: 64, kept: 64, cleared: null, drawn: [32, 16], name: 'drawn_x4.png' });
});

test('elements with the same model and device share a worker, which ends with the last', async ({ page, server }) => {
  await show(page, server, 'controls');
  await page.evaluate(async () => {
    const [first] = [document.querySelector('resshift-upscaler') as any];
    const others = [1, 2].map(() => first.parentElement.appendChild(first.cloneNode()));
    await Promise.all([first, ...others].map((element) => element.start()));
  });
  expect(page.workers()).toHaveLength(1);
  await page.evaluate(() => document.querySelector('resshift-upscaler')!.remove());
  await page.evaluate(() => (document.querySelector('resshift-upscaler') as any).start());
  expect(page.workers()).toHaveLength(1);
  await page.evaluate(() => document.querySelectorAll('resshift-upscaler').forEach((element) => element.remove()));
  await expect.poll(() => page.workers().length).toBe(0);
});

test('a run can be estimated, left in the middle, and a model kept for later', async ({ page, server }) => {
  await page.goto(server.url);
  const seen = await page.evaluate(
    async (cup) => {
      const address = '/resshift/index.js';
      const { Upscaler, listModels } = (await import(address)) as typeof import('resshift-web');
      await Upscaler.preload();
      const kept = (await listModels()).map(({ name }) => name);
      const upscaler = await Upscaler.create({ device: 'cpu' });
      const file = new Blob([Uint8Array.from(atob(cup), (c) => c.charCodeAt(0))]);
      let area = 0;
      for await (const { image } of upscaler.tiles(file, { steps: 1 })) area += image.width * image.height;
      const { seconds, bytes } = upscaler.estimate(16, 16, { steps: 1 });
      const refused = [() => Upscaler.memory(0, 16), () => upscaler.estimate(16, 1.5)].map((call) => {
        try {
          return call();
        } catch (error) {
          return (error as { code: string }).code;
        }
      });
      const twice = upscaler.estimate(32, 16, { steps: 1 });
      for await (const _ of upscaler.tiles(file, { steps: 2 })) break;
      const { width } = await upscaler.upscale(file, { steps: 1 });
      await upscaler[Symbol.asyncDispose]();
      const after = await upscaler.upscale(file).then(
        () => 'runs',
        (error: { code: string }) => error.code,
      );
      return {
        kept,
        area,
        seconds,
        ratio: twice.seconds! / seconds!,
        more: twice.bytes > bytes,
        bytes,
        told: [Upscaler.memory(16, 16), Upscaler.memory(16, 16, 'compact'), Upscaler.memory(16, 16, 'nano')],
        refused,
        width,
        after,
      };
    },
    readFileSync(fixture('cup-16x16.png')).toString('base64'),
  );
  expect(seen).toMatchObject({
    kept: ['compact'],
    area: 64 * 64,
    more: true,
    refused: ['bad-option', 'bad-option'],
    width: 64,
    after: 'disposed',
  });
  expect(seen.told.slice(0, 2)).toEqual([seen.bytes, seen.bytes]);
  expect(seen.told[2], 'of a smaller model').toBeLessThan(seen.bytes);
  expect(seen.seconds).toBeGreaterThan(0);
  expect(seen.ratio).toBeGreaterThan(1);
});
