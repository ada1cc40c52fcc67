/** The most common mistakes of developers: an error names them. */
import { readFileSync } from 'node:fs';
import type { Page } from '@playwright/test';
import { expect, fixture, test } from '../support/fixtures.ts';
import type { TestServer } from '../support/server.ts';

/** A page with the package in `api`, an upscaler on the CPU, and a picture. */
async function load(page: Page, server: TestServer): Promise<void> {
  // Without a policy, so that calls can be given as text.
  await page.route('**/misuse.html', (route) =>
    route.fulfill({ contentType: 'text/html', body: '<!doctype html><title>Misuse</title><link rel="icon" href="data:,">' }),
  );
  await page.goto(`${server.url}misuse.html`);
  await page.evaluate(
    async (cup) => {
      const address = '/resshift/index.js';
      const api = (await import(address)) as typeof import('resshift-web');
      const file = new Blob([Uint8Array.from(atob(cup), (c) => c.charCodeAt(0))]);
      /** How a call ends. */
      const end = async (call: () => unknown): Promise<string> => {
        try {
          await call();
          return 'no error';
        } catch (error) {
          const { name, code, message } = error as import('resshift-web').UpscalerError;
          return error instanceof api.UpscalerError ? `${name} ${code}: ${message}` : String(error);
        }
      };
      Object.assign(globalThis, { api, file, end, upscaler: await api.Upscaler.create({ device: 'cpu', engines: 1 }) });
    },
    readFileSync(fixture('cup-16x16.png')).toString('base64'),
  );
}

/** How calls of the package end, given as the text of functions. */
function ends(page: Page, calls: readonly string[]): Promise<string[]> {
  return page.evaluate(async (calls) => {
    const results: string[] = [];
    for (const call of calls) results.push(await (globalThis as any).end(() => (0, eval)(`(${call})()`)));
    return results;
  }, calls);
}

const OPTIONS: [call: string, message: string][] = [
  ['() => upscaler.upscale(file, { step: 4 })', 'There is no option `step`; did you mean `steps`?'],
  ['() => upscaler.upscale(file, { onprogress() {} })', 'There is no option `onprogress`; did you mean `onProgress`?'],
  ['() => upscaler.upscale(file, { model: "nano" })', 'There is no option `model` here; it is one of create.'],
  ['() => upscaler.upscale(file, { colour: 1 })', 'There is no option `colour`.'],
  ['() => api.Upscaler.create({ steps: 4 })', 'There is no option `steps` here; it is one of upscale.'],
  ['() => api.Upscaler.preload({ device: "cpu" })', 'There is no option `device` here; it is one of create.'],
  ['() => upscaler.upscale(file, 4)', 'The options of upscale must be an object; 4 was given.'],
  ['() => upscaler.upscale(file, null)', 'The options of upscale must be an object; null was given.'],
  ['() => api.Upscaler.create("nano")', 'The options of create must be an object; "nano" was given.'],
  ['() => upscaler.upscale(file, { steps: "4" })', 'steps must be an integer of at least 0; "4" was given.'],
  ['() => upscaler.upscale(file, { seed: 1.5 })', 'seed must be an integer from 0 to 2^53 - 1; 1.5 was given.'],
  ['() => upscaler.upscale(file, { format: "avif" })', 'format must be one of png, jpeg, webp, imageData, imageBitmap; "avif" was given.'],
  ['() => upscaler.upscale(file, { tile: [64] })', "tile must be 'auto' or an integer from 8 to 4096; [object Array] was given."],
  ['() => upscaler.upscale(file, { signal: new AbortController() })', 'signal must be an AbortSignal; [object AbortController] was given.'],
  ['() => upscaler.upscale(file, { onTile: 1 })', 'onTile must be a function; 1 was given.'],
  ['() => api.Upscaler.create({ onProgress: true })', 'onProgress must be a function; true was given.'],
  ['() => upscaler.upscale(file, { quality: 90 })', "Only files of the formats 'jpeg' and 'webp' have a quality."],
  ['() => upscaler.tiles(file, { step: 4 }).next()', 'There is no option `step`; did you mean `steps`?'],
  ['() => upscaler.estimate(16, 16, { step: 4 })', 'There is no option `step`; did you mean `steps`?'],
  ['() => upscaler.estimate(16, "16")', 'width and height must be integers of at least 1; "16" was given.'],
  ['() => api.Upscaler.create({ mirrors: "https://a.example" })', 'mirrors must be an array of URLs; "https://a.example" was given.'],
  ['() => api.Upscaler.create({ engine: "http://[" })', 'engine is not a valid URL; "http://[" was given.'],
  ['() => new api.Upscaler()', 'An upscaler is made by `await Upscaler.create()`, not by `new Upscaler()`.'],
  ['() => api.importModel([file])', 'onLicence is missing: a function that shows the terms of the weights.'],
  ['() => api.importModel()', 'onLicence is missing: a function that shows the terms of the weights.'],
  ['() => api.importModel(undefined, { onLicence: () => true })', 'files must be an array of File or Blob objects; undefined was given.'],
  ['() => api.importModel(["a.pth"], { onLicence: () => true })', 'files must be an array of File or Blob objects; "a.pth" was given.'],
];

test('options are checked, and a message names what was given', async ({ page, server }) => {
  await load(page, server);
  expect(
    await ends(
      page,
      OPTIONS.map(([call]) => call),
    ),
  ).toEqual(OPTIONS.map(([, message]) => `UpscalerError bad-option: ${message}`));
  // What is undefined was not given; objects of other kinds hold options too.
  expect(
    await ends(page, [
      '() => upscaler.upscale(file, { steps: 1, sede: undefined, signal: undefined })',
      '() => upscaler.upscale(file, Object.assign(Object.create(null), { steps: 1 }))',
    ]),
  ).toEqual(['no error', 'no error']);
});

test('inputs that are not pictures have errors of their own', async ({ page, server, tolerate }) => {
  tolerate(/404/);
  await load(page, server);
  expect(
    await ends(page, [
      '() => upscaler.upscale()',
      '() => upscaler.upscale(new Blob([]))',
      '() => upscaler.upscale(new File([], "a.png"))',
      '() => upscaler.upscale(new ArrayBuffer(0))',
      '() => upscaler.upscale(42)',
      '() => upscaler.upscale({ data: [] })',
      '() => upscaler.upscale(new Uint8ClampedArray(16))',
      '() => upscaler.upscale("http://[")',
      '() => upscaler.upscale(document.createElement("video"))',
      '() => upscaler.upscale(document.createElement("img"))',
      '() => upscaler.upscale(Object.assign(document.createElement("canvas"), { width: 0 }))',
      '() => upscaler.upscale("https://elsewhere.example/a.png")',
      '() => upscaler.upscale("/gone.png").catch((error) => { error.message = error.advice; throw error; })',
    ]),
  ).toEqual([
    'UpscalerError no-input: There is no file to read.',
    ...Array<string>(3).fill('UpscalerError bad-image: The file is empty: it has 0 bytes.'),
    'UpscalerError no-input: 42 is not a picture.',
    'UpscalerError no-input: [object Object] is not a picture.',
    'UpscalerError no-input: [object Uint8ClampedArray] is not a picture.',
    'UpscalerError no-input: "http://[" is not a picture.',
    ...Array<string>(3).fill('UpscalerError bad-image: The picture has no pixels, or none yet.'),
    'UpscalerError no-input: The picture is on another site (elsewhere.example).',
    "UpscalerError http: Check the picture's address and the connection.",
  ]);
});

test('after dispose a call fails as disposed; only those that it interrupts are aborted', async ({ page, server }) => {
  await load(page, server);
  const seen = await page.evaluate(async () => {
    const { upscaler, file, end } = globalThis as any;
    const begun = new Promise((resolve) => {
      const interrupted = [end(() => upscaler.upscale(file, { onProgress: resolve })), end(() => upscaler.upscale(file))];
      Object.assign(globalThis, { interrupted });
    });
    await begun;
    upscaler.dispose();
    const after = [await end(() => upscaler.upscale(file)), await end(() => upscaler.tiles(file).next())];
    return { interrupted: await Promise.all((globalThis as any).interrupted), after };
  });
  expect(seen.interrupted).toEqual(Array(2).fill('AbortError aborted: Cancelled.'));
  expect(seen.after).toEqual(Array(2).fill('UpscalerError disposed: This upscaler was disposed of before the call.'));
});

test("the signal's reason is kept", async ({ page, server }) => {
  await load(page, server);
  const seen = await page.evaluate(async () => {
    const { upscaler, file, api } = globalThis as any;
    const caught = (call: Promise<unknown>): Promise<any> =>
      call.then(
        () => undefined,
        (error) => error,
      );
    const own = new Error('the page has changed');
    const [stop, inQueue] = [new AbortController(), new AbortController()];
    const running = caught(upscaler.upscale(file, { signal: stop.signal, onProgress: () => stop.abort(own) }));
    const waiting = caught(upscaler.upscale(file, { signal: inQueue.signal }));
    inQueue.abort(own);
    const errors = [
      await running,
      await waiting,
      await caught(api.Upscaler.create({ signal: AbortSignal.abort(own) })),
      await caught(upscaler.tiles(file, { signal: AbortSignal.abort(own) }).next()),
    ];
    const signal = AbortSignal.timeout(0);
    await new Promise((resolve) => (signal.aborted ? resolve(0) : signal.addEventListener('abort', resolve)));
    const late = await caught(upscaler.upscale(file, { signal }));
    const plain = await caught(upscaler.upscale(file, { signal: AbortSignal.abort() }));
    const fetched = await caught(upscaler.upscale('/any.png', { signal: AbortSignal.abort(own) }));
    errors.push(fetched);
    return {
      kept: errors.map((error) => [error.name, error.code, error.reason === own]),
      late: [late.name, late.code, late.reason === signal.reason],
      plain: [plain.name, plain.reason.name],
    };
  });
  expect(seen.kept).toEqual(Array(5).fill(['AbortError', 'aborted', true]));
  expect(seen.late).toEqual(['TimeoutError', 'aborted', true]);
  expect(seen.plain).toEqual(['AbortError', 'AbortError']);
});

test('an error survives JSON and a structured clone', async ({ page, server }) => {
  await load(page, server);
  const seen = await page.evaluate(async () => {
    const error = await (globalThis as any).upscaler.upscale((globalThis as any).file, { steps: 0 }).catch((error: unknown) => error);
    const { message, cause } = structuredClone(error);
    return {
      json: JSON.parse(JSON.stringify({ error })).error,
      clone: { message, cause },
      error: { message: error.message, advice: error.advice },
    };
  });
  const { message, advice } = seen.error;
  expect(seen.json).toEqual({ name: 'UpscalerError', code: 'bad-option', message, advice });
  expect(seen.clone).toEqual({ message, cause: { code: 'bad-option', advice } });
});
