/** Settings outlast a visit, and whatever storage holds does no harm. */
import { stat } from 'node:fs/promises';
import { begin, expect, finished, fixture, open, test, type } from '../support/fixtures.ts';

test.use({ engine: 'fake' });

const imported = { name: 'other', version: 'f16', bytes: 4e6, steps: 15, licence: { name: 'MIT', commercial: true }, imported: true };

test('model, steps, seed and device are remembered', async ({ page, server }) => {
  await page.addInitScript((models) => Object.assign(globalThis, { fake: { models } }), [imported]);
  await open(page, server);
  await page.locator('#model').selectOption('other');
  await page.locator('input[name=steps][value="4"]').check();
  await type(page.locator('#seed'), '77');
  await page.locator('#device').selectOption('cpu');
  await page.locator('#format').selectOption('webp');
  await page.locator('#size').selectOption('width');
  await type(page.getByLabel('Width in pixels'), '1000');
  await page.getByText('More settings').click();
  await page.locator('#metadata').selectOption('strip');
  await page.locator('#tile').selectOption('128');
  await page.locator('#temperature').selectOption('0.5');
  await page.reload();
  await expect(page.locator('#model')).toHaveValue('other');
  await expect(page.locator('input[name=steps][value="4"]')).toBeChecked();
  await expect(page.locator('#seed')).toHaveValue('77');
  await expect(page.locator('#device')).toHaveValue('cpu');
  await expect(page.locator('#format')).toHaveValue('webp');
  await expect(page.locator('#metadata')).toHaveValue('strip');
  await expect(page.locator('#size')).toHaveValue('width');
  await expect(page.getByLabel('Width in pixels')).toHaveValue('1000');
  await expect(page.locator('#tile')).toHaveValue('128');
  await expect(page.locator('#temperature')).toHaveValue('0.5');
});

test('a file that loses something has a quality, which is obeyed and remembered', async ({ page, server }) => {
  await open(page, server);
  await expect(page.locator('#quality')).toBeHidden();
  const sizes: number[] = [];
  for (const quality of ['90', '20']) {
    await page.locator('#format').selectOption('webp-lossy');
    await type(page.locator('#quality'), quality);
    await begin(page, { file: fixture('cup-40x32.png'), steps: 1 });
    await finished(page);
    const coming = page.waitForEvent('download');
    await page.getByRole('link', { name: 'Save WebP' }).click();
    sizes.push((await stat(await (await coming).path())).size);
  }
  expect(sizes[1]).toBeLessThan(sizes[0]!);
  await page.reload();
  await expect(page.locator('#quality')).toHaveValue('20');
  await page.locator('#format').selectOption('webp');
  await expect(page.locator('#quality')).toBeHidden();
});

for (const kept of [
  '{',
  '[]',
  'null',
  '{"steps":"x","seed":-1,"device":"abacus","model":7,"size":"width","sizeValue":"1","tile":5}',
  '{"steps":9,"seed":1e300,"model":"gone"}',
]) {
  test(`${kept} in storage leaves the defaults`, async ({ page, server }) => {
    // The empty page before it has no storage.
    await page.addInitScript((text) => origin !== 'null' && localStorage.setItem('resshift settings', text), kept);
    await open(page, server);
    await expect(page.locator('input[name=steps][value="15"]')).toBeChecked();
    await expect(page.locator('#seed')).toHaveValue('0');
    await expect(page.locator('#device')).toHaveValue('auto');
    await expect(page.locator('#model')).toHaveValue('compact');
    await expect(page.locator('#size')).toHaveValue('4');
    await expect(page.locator('#size-value')).toBeHidden();
    await expect(page.locator('#tile')).toHaveValue('auto');
  });
}

test('a browser that blocks storage works all the same', async ({ page, server }) => {
  await page.addInitScript(() =>
    Object.defineProperty(globalThis, 'localStorage', {
      get: () => {
        throw new DOMException('blocked', 'SecurityError');
      },
    }),
  );
  await open(page, server);
  await begin(page, { file: fixture('cup-16x16.png'), steps: 1, seed: 3 });
  await finished(page);
});
