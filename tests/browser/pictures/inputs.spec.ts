/** Everything the public surface accepts as a picture gives the same result. */
import { readFile } from 'node:fs/promises';
import { expect, fixture, open, test } from '../support/fixtures.ts';

test('bytes, Blob, ImageBitmap, ImageData, image element, canvases, VideoFrame and addresses agree', async ({ page, server }) => {
  // The page's own policy lets no address be fetched but the site's.
  await page.route('**/plain.html', (route) =>
    route.fulfill({ contentType: 'text/html', body: '<!doctype html><title>Plain</title><link rel="icon" href="data:,">' }),
  );
  await page.goto(`${server.url}plain.html`);
  const bytes = await readFile(fixture('cup-16x16.png'));
  const base64 = bytes.toString('base64');
  server.add(new Map([['cup.png', bytes]]));
  const digests = await page.evaluate(async (base64) => {
    const { Upscaler } = (await import(new URL('resshift/index.js', location.href).href)) as typeof import('resshift-web');
    const upscaler = await Upscaler.create({ device: 'cpu' });
    const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
    const blob = new Blob([bytes], { type: 'image/png' });
    const bitmap = await createImageBitmap(blob);
    const context = new OffscreenCanvas(bitmap.width, bitmap.height).getContext('2d')!;
    context.drawImage(bitmap, 0, 0);
    const image = new Image();
    image.src = `data:image/png;base64,${base64}`;
    await image.decode();
    const canvas = document.createElement('canvas');
    Object.assign(canvas, { width: bitmap.width, height: bitmap.height });
    canvas.getContext('2d')!.drawImage(bitmap, 0, 0);
    const frame = new VideoFrame(canvas, { timestamp: 0 });
    const inputs = [
      bytes,
      bytes.buffer.slice(0),
      blob,
      bitmap,
      context.getImageData(0, 0, bitmap.width, bitmap.height),
      image,
      canvas,
      context.canvas,
      frame,
      'cup.png',
      new URL('cup.png', location.href),
      URL.createObjectURL(blob),
      `data:image/png;base64,${base64}`,
    ];
    const digests: string[] = [];
    for (const input of inputs) {
      const result = await upscaler.upscale(input, { steps: 1, seed: 3 });
      const canvas = new OffscreenCanvas(result.width, result.height).getContext('2d')!;
      canvas.drawImage(await createImageBitmap(result.blob), 0, 0);
      const { data } = canvas.getImageData(0, 0, result.width, result.height);
      digests.push([...new Uint8Array(await crypto.subtle.digest('SHA-256', data))].join());
    }
    upscaler.dispose();
    return digests;
  }, base64);
  expect(digests).toHaveLength(13);
  expect(new Set(digests).size).toBe(1);
});

test('a canvas is taken as it is at the call, and a video at its present frame', async ({ page, server }) => {
  await open(page, server);
  const found = await page.evaluate(async () => {
    const { Upscaler } = (await import(new URL('resshift/index.js', location.href).href)) as typeof import('resshift-web');
    const upscaler = await Upscaler.create({ device: 'cpu' });
    const canvas = Object.assign(document.createElement('canvas'), { width: 32, height: 24 });
    const context = canvas.getContext('2d')!;
    const paint = (colour: string): void => {
      context.fillStyle = colour;
      context.fillRect(0, 0, 32, 24);
    };
    const look = async (result: Promise<{ blob: Blob; width: number; height: number }>): Promise<number[]> => {
      const { blob, width, height } = await result;
      const shown = new OffscreenCanvas(width, height).getContext('2d')!;
      shown.drawImage(await createImageBitmap(blob), 0, 0);
      return [width, height, ...shown.getImageData(width / 2, height / 2, 1, 1).data];
    };
    paint('rgb(200 40 40)');
    const coming = look(upscaler.upscale(canvas, { steps: 1 }));
    paint('rgb(40 40 200)');
    const video = document.createElement('video');
    const early = await upscaler.upscale(video, { steps: 1 }).catch(({ code, advice }: { code: string; advice: string }) => [code, advice]);
    const stream = canvas.captureStream();
    const loaded = new Promise((resolve) => (video.onloadeddata = resolve));
    Object.assign(video, { srcObject: stream, muted: true });
    await Promise.all([video.play(), loaded]);
    const frame = look(upscaler.upscale(video, { steps: 1 }));
    const answers = { canvas: await coming, frame: await frame, early };
    upscaler.dispose();
    return answers;
  });
  const near = (told: number[], colour: number[]): void => {
    expect(told.slice(0, 2)).toEqual([128, 96]);
    for (const [channel, level] of colour.entries()) expect(Math.abs(told[2 + channel]! - level)).toBeLessThan(24);
  };
  near(found.canvas, [200, 40, 40]);
  near(found.frame, [40, 40, 200]);
  expect(found.early).toEqual(['bad-image', expect.stringContaining('loadeddata')]);
});

test('an error says how to turn the input into a picture', async ({ page, server, tolerate }) => {
  tolerate(/Failed to load resource/);
  await open(page, server);
  const found = await page.evaluate(async () => {
    const { Upscaler } = (await import(new URL('resshift/index.js', location.href).href)) as typeof import('resshift-web');
    const upscaler = await Upscaler.create({ device: 'cpu' });
    const data = new Uint8ClampedArray(4 * 4 * 4);
    const told: string[] = [];
    for (const input of [
      data,
      { data, width: 4, height: 4 },
      {},
      null,
      'https://example.com/a.png',
      'https://[',
      '',
      'missing.png',
      new OffscreenCanvas(0, 0),
    ]) {
      told.push(
        await upscaler.upscale(input as never, { steps: 1 }).then(
          () => 'done',
          ({ code, advice }: { code: string; advice: string }) => `${code}: ${advice}`,
        ),
      );
    }
    upscaler.dispose();
    return told;
  });
  const what = expect.stringMatching(/^no-input: Pass a file .* new ImageData\(pixels, width, height\)\.$/);
  expect(found).toEqual([
    what,
    what,
    what,
    'no-input: Choose a picture first.',
    'no-input: Fetch the picture yourself, and pass the Blob.',
    what,
    'no-input: Choose a picture first.',
    expect.stringMatching(/^http: /),
    expect.stringMatching(/^bad-image: /),
  ]);
});
