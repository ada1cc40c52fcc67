/** A run that ends with its tab resumes where it was, and gives the very same file. */
import type { Page } from '@playwright/test';
import { begin, expect, finished, fixture, open, save, test, upscale } from '../support/fixtures.ts';
import type { Wishes } from '../fake/wishes.d.ts';

const RUN = { file: fixture('cup-40x32.png'), device: 'cpu', steps: 15, seed: 3 } as const;

/** Steps done in the kept snapshot, 0 where there is none; read behind the page's back. */
function kept(page: Page): Promise<number> {
  return page.evaluate(async () => {
    const name = 'resshift snapshots';
    // Opening would make an empty one.
    if (!(await indexedDB.databases()).some((database) => database.name === name)) return 0;
    const settled = <T>(request: IDBRequest<T>) =>
      new Promise<T>((resolve, reject) => {
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error);
      });
    const database = await settled(indexedDB.open(name));
    const [found] = await settled(database.transaction('snapshots').objectStore('snapshots').getAll());
    database.close();
    return (found as { step: number } | undefined)?.step ?? 0;
  });
}

/** Notes every step that the page tells of, and every strip, as `globalThis.told`. */
async function listen(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const told: string[] = [];
    Object.assign(globalThis, { told });
    document.addEventListener('DOMContentLoaded', () => {
      for (const id of ['run-text', 'strips']) {
        const element = document.getElementById(id)!;
        new MutationObserver(() => told.push(element.textContent!)).observe(element, { childList: true });
      }
    });
  });
}

const told = async (page: Page, what: RegExp): Promise<string[]> =>
  (await page.evaluate(() => (globalThis as unknown as { told: string[] }).told)).filter((line) => what.test(line));

test.describe('over the engine', () => {
  test.use({ serviceWorkers: 'block' });

  /** Tiles so small that the picture has six. */
  const smallTiles = (page: Page): Promise<void> =>
    page.evaluate(() => {
      const tile = document.querySelector<HTMLSelectElement>('#tile')!;
      tile.add(new Option('16', '16', false, true));
    });

  const SHORT = { ...RUN, steps: 4 } as const;

  /** Time flies in the worker, so that snapshots are due at once; a run that has begun at step 1 stands still after its first. */
  const HELD = `{
    const clock = performance.now.bind(performance);
    performance.now = () => 1e5 * clock();
    const { postMessage: tell } = self;
    const { postMessage: go } = MessagePort.prototype;
    let held = false;
    self.postMessage = (message, transfer) => {
      tell.call(self, message, transfer);
      held ||= message.snapshot?.step === 1;
    };
    MessagePort.prototype.postMessage = function (...given) {
      if (!held) go.apply(this, given);
    };
  }`;

  test('a run whose tab was closed resumes at the step after its snapshot, with the same bytes', async ({ page, context, server }) => {
    await open(page, server);
    await smallTiles(page);
    await upscale(page, SHORT);
    const whole = await save(page);
    expect(await kept(page), 'a short run costs nothing').toBe(0);
    await page.close();

    server.prepend(/worker\.js$/, HELD);
    const second = await context.newPage();
    await open(second, server);
    await smallTiles(second);
    await begin(second, SHORT);
    await expect.poll(() => kept(second), { timeout: 60_000 }).toBeGreaterThan(0);
    await second.close();

    const third = await context.newPage();
    await listen(third);
    await open(third, server);
    await expect(third.locator('.strip')).toContainText('Resuming at step 2 of 4');
    await third.getByRole('button', { name: 'Continue' }).click();
    await expect(third.locator('#name')).toHaveText('cup-40x32.png');
    await smallTiles(third);
    await third.locator('#upscale').click();
    await finished(third);
    const steps = await told(third, /^Step/);
    // Both bands of a step may come between two frames of the page.
    expect(steps[0]).toMatch(/^Step 2 of 4, tile [12] of 2$/);
    expect(steps.at(-1)).toBe('Step 4 of 4, tile 2 of 2');
    expect((await save(third)).bytes.equals(whole.bytes)).toBe(true);
    await expect.poll(() => kept(third), 'what is finished needs no snapshot').toBe(0);
  });

  test('the package resumes a snapshot, and refuses anything else', async ({ page, server }) => {
    await open(page, server);
    const { same, first, codes } = await page.evaluate(async () => {
      const { Upscaler } = (await import(new URL('resshift/index.js', location.href).href)) as typeof import('resshift-web');
      const upscaler = await Upscaler.create({ device: 'cpu', engines: 1 });
      const picture = () =>
        new ImageData(
          Uint8ClampedArray.from({ length: 4 * 24 * 20 }, (_, i) => (i % 4 === 3 ? 255 : (i * 37) % 251)),
          24,
          20,
        );
      const bytes = async (blob: Blob) => (await blob.arrayBuffer().then((buffer) => [...new Uint8Array(buffer)])).join();
      const taken: import('resshift-web').Snapshot[] = [];
      const options = { steps: 4, tile: 8 } as const;
      const whole = await upscaler.upscale(picture(), { ...options, onSnapshot: (snapshot) => taken.push(snapshot), snapshotInterval: 0 });
      // As IndexedDB would give it back.
      const resume = structuredClone(taken[0]!);
      let first = 0;
      const resumed = await upscaler.upscale(picture(), { ...options, resume, onProgress: ({ step }) => (first ||= step) });
      const codes = [];
      for (const wrong of [{}, null, { ...resume, data: new Float32Array(1) }, { ...resume, step: 0 }, { ...resume, key: 1 }]) {
        codes.push(
          await upscaler.upscale(picture(), { ...options, resume: wrong as never }).then(
            () => '',
            ({ code }: { code: string }) => code,
          ),
        );
      }
      codes.push(
        await upscaler.upscale(picture(), { ...options, snapshotInterval: -1 }).then(
          () => '',
          ({ code }: { code: string }) => code,
        ),
      );
      // Of a run that no longer fits, nothing is taken.
      await upscaler.upscale(picture(), { ...options, seed: 1, resume, onProgress: ({ step }) => (first = Math.min(first, step)) });
      codes.push(String(first));
      const same = (await bytes(whole.blob)) === (await bytes(resumed.blob));
      upscaler.dispose();
      return { same, first: `${resume.step} of ${resume.steps}`, codes };
    });
    expect(same).toBe(true);
    expect(first).toBe('1 of 4');
    expect(codes).toEqual([...Array<string>(6).fill('bad-option'), '1']);
  });

  test('a state of several pieces comes back from IndexedDB; one that is cut short or broken is left aside', async ({ page, server }) => {
    await open(page, server);
    const { tag, bytes, outcomes } = await page.evaluate(async () => {
      const { Upscaler } = (await import(new URL('resshift/index.js', location.href).href)) as typeof import('resshift-web');
      const upscaler = await Upscaler.create({ device: 'cpu', engines: 1 });
      const picture = () =>
        new ImageData(
          Uint8ClampedArray.from({ length: 4 * 160 * 144 }, (_, i) => (i % 4 === 3 ? 255 : (i * 37) % 251)),
          160,
          144,
        );
      const hash = async (blob: Blob) => [...new Uint8Array(await crypto.subtle.digest('SHA-256', await blob.arrayBuffer()))].join();
      let taken: import('resshift-web').Snapshot | undefined;
      const run = async (options: import('resshift-web').UpscaleOptions) => {
        let first = 0;
        const { blob } = await upscaler.upscale(picture(), { steps: 2, ...options, onProgress: ({ step }) => (first ||= step) });
        return { first, hash: await hash(blob) };
      };
      const whole = await run({ onSnapshot: (snapshot) => (taken = snapshot), snapshotInterval: 0 });

      const settled = <T>(request: IDBRequest<T>) =>
        new Promise<T>((resolve, reject) => {
          request.onsuccess = () => resolve(request.result);
          request.onerror = () => reject(request.error);
        });
      const opening = indexedDB.open('a snapshot');
      opening.onupgradeneeded = () => opening.result.createObjectStore('all');
      const database = await settled(opening);
      await settled(database.transaction('all', 'readwrite').objectStore('all').put(taken, 1));
      const kept = (await settled(database.transaction('all').objectStore('all').get(1))) as import('resshift-web').Snapshot;
      database.close();

      const { data } = kept;
      const broken = {
        'as it was': data,
        'cut short': data.slice(0, -4),
        'too long': new Blob([data, new Uint8Array(4)]),
        'not a number': new Blob([data.slice(0, -4), Float32Array.of(NaN)]),
      };
      const outcomes: Record<string, string> = {};
      for (const [name, data] of Object.entries(broken)) {
        const { first, hash } = await run({ resume: { ...kept, data } });
        outcomes[name] = `step ${first}, ${hash === whole.hash ? 'the same bytes' : 'other bytes'}`;
      }
      upscaler.dispose();
      return { tag: Object.prototype.toString.call(data), bytes: data.size, outcomes };
    });
    expect(tag).toBe('[object Blob]');
    expect(bytes).toBe(160 * 144 * 192);
    expect(outcomes).toEqual({
      'as it was': 'step 2, the same bytes',
      'cut short': 'step 1, the same bytes',
      'too long': 'step 1, the same bytes',
      'not a number': 'step 1, the same bytes',
    });
  });
});

test.describe('the page', () => {
  test.use({ engine: 'fake', serviceWorkers: 'block' });
  const wish = async (page: Page, wishes: Wishes): Promise<void> => {
    await page.addInitScript((given) => Object.assign(globalThis, { fake: given }), wishes);
  };

  test('after a failure another attempt resumes; after a cancel the run starts again', async ({ page, server }) => {
    await wish(page, { snapshots: true, upscaleError: 'gpu', pace: 20 });
    await listen(page);
    await open(page, server);
    await begin(page, RUN);
    await page.getByRole('button', { name: 'Try again' }).click();
    await finished(page);
    const [said] = await told(page, /Resuming at/);
    const next = Number(/step (\d+) of 15/.exec(said!)![1]);
    expect(next).toBeGreaterThan(1);
    const steps = (await told(page, /^Step/)).map((line) => Number(/\d+/.exec(line)));
    expect(steps).toEqual(
      [...Array(15).keys(), ...Array(15).keys()].map((step) => step + 1).filter((step, i) => (i < 15 ? step < 8 : step >= next)),
    );
    await expect(page.locator('.strip')).toHaveCount(0);

    const hold = (steps?: number) =>
      page.evaluate((hold) => Object.assign((globalThis as unknown as { fake: Wishes }).fake, { hold }), steps);
    await hold(3);
    await page.locator('#upscale').click();
    await expect.poll(() => kept(page)).toBeGreaterThan(0);
    await page.locator('#cancel').click();
    await hold();
    await page.locator('#upscale').click();
    await finished(page);
    expect(await told(page, /Resuming at/)).toHaveLength(1);
  });

  test('of two pictures in a batch the current one resumes, and with other settings it starts again', async ({ page, context, server }) => {
    await wish(page, { snapshots: true, hold: 3 });
    await open(page, server);
    await page.locator('#file').setInputFiles([RUN.file, fixture('cup-16x16.png')]);
    await page.locator('#upscale').click();
    await expect.poll(() => kept(page)).toBeGreaterThan(0);
    await page.close();

    const next = await context.newPage();
    await wish(next, { pace: 1 });
    await listen(next);
    await open(next, server);
    await expect(next.locator('.strip')).toContainText(/2 pictures .+ Resuming at step \d+ of 15/);
    await next.getByRole('button', { name: 'Continue' }).click();
    await next.locator('input[name=steps][value="4"]').check();
    await next.locator('#upscale').click();
    await expect(next.locator('#queue-list li[data-state=done]')).toHaveCount(2);
    expect((await told(next, /^Step/))[0]).toMatch(/^Step 1 of 4/);
    await expect.poll(() => kept(next)).toBe(0);
  });
});
