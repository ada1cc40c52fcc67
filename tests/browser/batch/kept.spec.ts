/** A batch after its tab was closed, folders as input and output, and sharing results; over the stand-in engine. */
import type { Page } from '@playwright/test';
import { filesOf } from '../../../www/src/input/folder.ts';
import { Queue } from '../../../www/src/batch/queue.ts';
import { expect, finished, fixture, open, test, upscale } from '../support/fixtures.ts';
import { FIXTURES } from '../support/folders.ts';

const PICTURES = [fixture('cup-16x16.png'), fixture('cup-40x32.png'), fixture('cup-16x16.png')];
/** Strips of a page that `open` has waited for: its sample photo comes only after what was left has been offered. */
const strips = (page: Page): Promise<number> => page.locator('.strip').count();
const rows = (page: Page, state: string) => page.locator(`#queue-list li[data-state=${state}]`);

test('what is saved, or a single picture that nothing was done with, is not worth keeping', () => {
  const queue = new Queue<string>(() => {});
  const [a] = queue.add([{ file: new Blob(), name: 'a' }]);
  expect(queue.worthKeeping).toEqual([]);
  queue.begin(a!.id);
  expect(queue.worthKeeping).toHaveLength(1);
  queue.finish(a!.id, 'done');
  expect(queue.worthKeeping).toHaveLength(1);
  queue.save(a!.id);
  expect(queue.worthKeeping).toEqual([]);
  const later = new Queue<string>(() => {});
  const [b] = later.add([{ file: new Blob(), name: 'b' }]);
  later.restore([{ ...a!, state: 'waiting' }]);
  expect(later.items.map(({ name }) => name)).toEqual(['a']);
  expect(later.find(b!.id)).toBeUndefined();
});

test('pictures in folders are found at any depth, in order, and other files are left', async () => {
  const file = (name: string): FileSystemEntry =>
    ({
      isFile: true,
      isDirectory: false,
      name,
      file: (done: (file: File) => void) => done(new File(['x'], name)),
    }) as unknown as FileSystemEntry;
  const folder = (name: string, ...inner: FileSystemEntry[]): FileSystemEntry => {
    const parts = [inner.slice(0, 2), inner.slice(2), []];
    return {
      isFile: false,
      isDirectory: true,
      name,
      createReader: () => ({ readEntries: (done: (found: FileSystemEntry[]) => void) => done(parts.shift() ?? []) }),
    } as unknown as FileSystemEntry;
  };
  const tree = folder('all', file('b.JPG'), file('a.png'), folder('deep', file('c.heic'), file('notes.txt')), file('.DS_Store'));
  expect((await filesOf(tree)).map(({ name }) => name)).toEqual(['a.png', 'b.JPG', 'c.heic']);
});

test.describe('the page', () => {
  test.use({ engine: 'fake', serviceWorkers: 'block' });

  test('a batch continues in the next tab: finished pictures are finished, the current one starts again', async ({
    page,
    context,
    server,
  }) => {
    await page.addInitScript(() => Object.assign(globalThis, { fake: { finish: 1 } }));
    await open(page, server);
    await page.locator('#file').setInputFiles(PICTURES);
    await page.locator('#upscale').click();
    await expect(rows(page, 'done')).toHaveCount(1);
    await expect(rows(page, 'working')).toHaveCount(1);
    await page.close();

    const next = await context.newPage();
    await open(next, server);
    await next.getByRole('button', { name: 'Continue' }).click();
    await expect(rows(next, 'done')).toHaveCount(1);
    await expect(rows(next, 'waiting')).toHaveCount(2);
    await next.getByRole('button', { name: 'cup-16x16.png', exact: true }).first().click();
    await expect(next.locator('#result')).toHaveJSProperty('naturalWidth', 64);
    await next.locator('#upscale').click();
    await expect(rows(next, 'done')).toHaveCount(3);
    const coming = next.waitForEvent('download');
    await next.getByRole('button', { name: 'Save all' }).click();
    await coming;
    // Saved, they go; a tab that is closed before that would offer them again.
    await expect
      .poll(() =>
        next.evaluate(async () => {
          const opened = indexedDB.open('resshift batch');
          const store = await new Promise<IDBDatabase>((done) => (opened.onsuccess = () => done(opened.result)));
          const count = store.transaction('items').objectStore('items').count();
          return new Promise(
            (done) =>
              (count.onsuccess = () => {
                store.close();
                done(count.result);
              }),
          );
        }),
      )
      .toBe(0);
    await next.close();

    const last = await context.newPage();
    await open(last, server);
    expect(await strips(last)).toBe(0);
  });

  test('what was left can be deleted, and a second tab leaves it alone', async ({ page, context, server }) => {
    await open(page, server);
    await page.locator('#file').setInputFiles(PICTURES);
    await expect(rows(page, 'waiting')).toHaveCount(3);
    const second = await context.newPage();
    await open(second, server);
    expect(await strips(second)).toBe(0);
    await second.close();
    await page.close();

    const next = await context.newPage();
    await open(next, server);
    await expect(next.getByText('3 pictures from your last visit are still in')).toBeVisible();
    await next.getByRole('button', { name: 'Delete them' }).click();
    await upscale(next, { steps: 1 });
    await next.close();
    const last = await context.newPage();
    await open(last, server);
    // The result that was not saved, and nothing older.
    await expect(last.getByText('1 picture from your last visit is still in')).toBeVisible();
  });

  test('a whole folder is taken, and results go into one', async ({ page, server }) => {
    await page.addInitScript(() => Object.assign(globalThis, { showDirectoryPicker: () => navigator.storage.getDirectory() }));
    await open(page, server);
    await expect(page.getByRole('button', { name: 'A folder' })).toBeVisible();
    await page.locator('#folder').setInputFiles(FIXTURES);
    await expect(rows(page, 'waiting')).toHaveCount(3);
    await page.locator('input[name=steps][value="1"]').check();
    await page.locator('#upscale').click();
    await expect(rows(page, 'done')).toHaveCount(3);
    const names = () =>
      page.evaluate(async () => {
        const found: string[] = [];
        for await (const name of (await navigator.storage.getDirectory()).keys()) found.push(name);
        return found.sort();
      });
    await page.getByRole('button', { name: 'Save to a folder' }).click();
    await expect.poll(names).toEqual(['cup-16x16_x4 (2).png', 'cup-16x16_x4.png', 'cup-40x32_x4.png']);
    await page.getByRole('button', { name: 'Save to a folder' }).click();
    await expect.poll(async () => (await names()).length).toBe(6);
  });

  test('the result is copied and shared', async ({ page, context, server }) => {
    await context.grantPermissions(['clipboard-read', 'clipboard-write']);
    await page.addInitScript(() => {
      Object.defineProperty(navigator, 'canShare', { value: () => true });
      Object.defineProperty(navigator, 'share', {
        value: async ({ files }: { files: File[] }) => {
          document.title = `${files[0]!.name} ${files[0]!.type}`;
        },
      });
    });
    await open(page, server);
    await page.locator('#format').selectOption('webp');
    await upscale(page, { file: fixture('cup-16x16.png'), steps: 1 });
    await page.getByRole('button', { name: 'Share' }).click();
    await expect(page).toHaveTitle('cup-16x16_x4.webp image/webp');
    await page.getByRole('button', { name: 'Copy' }).click();
    await expect(page.locator('#announcer')).toHaveText('Copied to the clipboard.');
    const side = await page.evaluate(async () => {
      const [item] = await navigator.clipboard.read();
      return (await createImageBitmap(await item!.getType('image/png'))).width;
    });
    expect(side).toBe(64);
  });

  test('the address may name a picture of this site, and of no other', async ({ page, server }) => {
    await page.goto(`${server.url}?picture=samples/coffee.png`);
    await expect(page.locator('#name')).toHaveText('coffee.png');
    await page.goto(`${server.url}?picture=https://example.com/a.png`);
    await expect(page.locator('#error-message')).toContainText('example.com');
    await page.goto(`${server.url}?picture=samples/coffee.png`);
    await upscale(page, { steps: 1 });
    await finished(page);
  });
});
