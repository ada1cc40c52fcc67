/** The documentation: can be read everywhere, leads nowhere wrong, and knows every name and every error. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { AxeBuilder } from '@axe-core/playwright';
import limits from '../../../limits.json' with { type: 'json' };
import { shippedModels } from '../../../models/shipped.mjs';
import { errorCodes } from '../../../www/docs/errors.mjs';
import { PAGES } from '../../../www/docs/pages.mjs';
import { declarations } from '../../../www/docs/reference.mjs';
import { FAKE_DIST } from '../support/folders.ts';
import { expect, open, test } from '../support/fixtures.ts';

const names = PAGES.map(([name]) => name);
const from = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8');

test.use({ engine: 'fake', prefix: '/some/folder/' });

test('every source is a page, and every page is in the navigation', () => {
  const sources = readdirSync(new URL('../../../www/docs', import.meta.url))
    .filter((name) => name.endsWith('.md'))
    .map((name) => name.slice(0, -3));
  expect([...sources, 'api'].sort()).toEqual([...names].sort());
});

for (const name of names) {
  test(`${name} reads well by every eye, in both colours, on a phone too`, async ({ page, server }) => {
    for (const [colorScheme, width] of [
      ['light', 1280],
      ['dark', 390],
    ] as const) {
      await page.setViewportSize({ width, height: 844 });
      await page.emulateMedia({ colorScheme });
      await page.goto(`${server.url}docs/${name}.html`);
      expect(
        await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth),
        `at ${width} pixels`,
      ).toBeLessThanOrEqual(0);
      const { violations } = await new AxeBuilder({ page })
        .withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'])
        .analyze();
      expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target.join(' ')).join(', ')}`)).toEqual([]);
    }
    await expect(page.getByRole('heading', { level: 1 })).toHaveCount(1);
    await expect(page.locator('nav [aria-current=page]')).toHaveCount(1);
    await expect(page.locator('html')).toHaveAttribute('lang', 'en');
  });
}

test('every link leads to a page of this site and to a heading on it, or to the paper', async ({ page, server }) => {
  const anchors = new Map<string, Set<string>>();
  const links: { on: string; to: string }[] = [];
  for (const name of names) {
    await page.goto(`${server.url}docs/${name}.html`);
    const found = await page.evaluate(() => ({
      ids: [...document.querySelectorAll('[id]')].map(({ id }) => id),
      links: [...document.querySelectorAll('a')].map(({ href }) => href),
    }));
    expect(new Set(found.ids).size, `headings of ${name} that share an anchor`).toBe(found.ids.length);
    anchors.set(`${server.url}docs/${name}.html`, new Set(found.ids));
    links.push(...found.links.map((to) => ({ on: name, to })));
  }
  expect(links.length).toBeGreaterThan(100);
  const answers = new Map<string, number>();
  for (const { on, to } of links) {
    const [address = '', anchor] = to.split('#');
    if (address === 'https://arxiv.org/abs/2307.12348') continue;
    expect(address.startsWith(server.url), `${on}: ${to}`).toBe(true);
    if (!answers.has(address)) answers.set(address, await page.evaluate(async (url) => (await fetch(url)).status, address));
    expect(answers.get(address), `${on}: ${to}`).toBe(200);
    if (anchor) expect(anchors.get(address)?.has(anchor), `${on}: ${to}`).toBe(true);
  }
});

test('the page leads there, also when its service worker is in charge', async ({ page, server }) => {
  await open(page, server);
  await page.evaluate(async () => {
    await navigator.serviceWorker.ready;
  });
  await page.reload();
  expect(await page.evaluate(() => navigator.serviceWorker.controller !== null)).toBe(true);
  await page.getByRole('link', { name: 'Documentation for developers' }).click();
  await expect(page).toHaveTitle('Quick start – ResShift Web');
  await page.getByRole('navigation').getByRole('link', { name: 'Errors', exact: true }).click();
  await expect(page).toHaveTitle('Errors – ResShift Web');
  await page.getByRole('link', { name: 'ResShift', exact: true }).click();
  await expect(page.locator('body')).toHaveAttribute('data-phase', 'ready');
  expect(readFileSync(join(FAKE_DIST, 'sw.js'), 'utf8'), "pages for developers in everybody's storage").not.toContain('docs/');
});

test('it cannot run what is not its own', async ({ page, server, tolerate }) => {
  tolerate(/Content Security Policy/);
  await page.goto(`${server.url}docs/`);
  const ran = await page.evaluate(() => {
    const inline = document.createElement('script');
    inline.textContent = 'globalThis.inlineRan = true';
    document.head.append(inline);
    return 'inlineRan' in globalThis;
  });
  expect(ran).toBe(false);
  const policy = await page.locator('meta[http-equiv]').getAttribute('content');
  expect(from('../../../www/index.html'), 'the policy of the page itself').toContain(policy!);
});

test('the reference has every exported name and every member, each with its description', async ({ page, server }) => {
  await page.goto(`${server.url}docs/api.html`);
  for (const file of ['index', 'element']) {
    const source = from(`../../../npm/src/${file}.d.ts`);
    const exported = [...source.matchAll(/^export (?:declare )?(?:class|interface|type|function) (\w+)/gm)].map(([, name]) => name!);
    expect(exported.length).toBeGreaterThanOrEqual(file === 'index' ? 20 : 2);
    for (const name of exported) await expect(page.locator(`h2#${name.toLowerCase()} + p`), name).not.toBeEmpty();
    // Members are the lines that are indented once and are no comment.
    const members = [...source.matchAll(/^ {2}(?!private)(?:static |readonly )*([\w[\].]+)\??[(:]/gm)].map(([, name]) => name!);
    const described = await page
      .locator('dt')
      .evaluateAll((terms) => terms.map((term) => ({ text: term.textContent!, said: term.nextElementSibling?.textContent ?? '' })));
    expect(members.length).toBeGreaterThanOrEqual(file === 'index' ? 60 : 8);
    for (const name of members) {
      const entries = described.filter(({ text }) =>
        new RegExp(`^(static |readonly )*${name.replace(/[[\].]/g, '\\$&')}\\??[(:]`).test(text),
      );
      expect(entries.length, name).toBeGreaterThan(0);
      for (const { said } of entries) expect(said.length, name).toBeGreaterThan(5);
    }
  }
});

test('every option has its place on the page about options', () => {
  const page = from('../../../www/docs/options.md');
  const options = ['index.d.ts']
    .flatMap(declarations)
    .filter(({ name }) => /^(Asset|Create|Upscale)Options$/.test(name))
    .flatMap(({ members }) => members);
  expect(options.length).toBeGreaterThanOrEqual(20);
  expect(options.map(({ name }) => name).filter((name) => !page.includes(`\`${name}\``) && !page.includes(`\`${name}: `))).toEqual([]);
});

test('ranges and sizes are those that code reads', () => {
  const [options, types, page] = ['../../../www/docs/options.md', '../../../npm/src/index.d.ts', '../../../www/index.html'].map(from) as [
    string,
    string,
    string,
  ];
  for (const name of ['tile', 'temperature', 'quality', 'engines'] as const) {
    const [min, max] = limits[name];
    expect(options, `${name} in options.md`).toMatch(new RegExp(`\\b${min} to ${max}\\b`));
    expect(types, `${name} in index.d.ts`).toMatch(new RegExp(`\\b${min} to ${max}\\b`));
  }
  expect(page).toContain(
    `id="quality" type="number" inputmode="numeric" min="${limits.quality[0]}" max="${limits.quality[1]}" step="1" value="${limits.defaultQuality}"`,
  );
  expect(options).toContain(`JPEG: ${limits.defaultQuality}`);
  for (const file of ['../../../www/docs/limits.md', '../../../errors.json'])
    expect(from(file), file).toContain(limits.pixels[1]!.toLocaleString('en'));
  for (const file of ['../../../README.md', '../../../www/docs/models.md']) {
    for (const { name, bytes } of shippedModels())
      expect(from(file), `the size of ${name} in ${file}`).toContain(`${(bytes / 1e6).toFixed(1)} MB`);
  }
});

test('every error of the engine and of the package is explained', async ({ page, server }) => {
  const codes = [...errorCodes().keys()].sort();
  const union = /ErrorCode =([^;]*);/.exec(from('../../../npm/src/index.d.ts'))![1]!;
  // What only the command line can meet is not in the package's types.
  expect(codes.filter((code) => code !== 'file')).toEqual([...union.matchAll(/'([a-z-]+)'/g)].map(([, code]) => code).sort());
  await page.goto(`${server.url}docs/errors.html`);
  expect((await page.locator('h2').allInnerTexts()).sort()).toEqual(codes);
  expect(await page.getByText('What to do:').count()).toBe(codes.length);
});
