/** Pictures that every browser decodes, and what the CPU makes of them in each, to be compared by the SHA-256 of the pixels. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import { FIXTURES, IMAGES } from '../support/folders.ts';

export const PICTURES = [
  [join(FIXTURES, 'cup-16x16.png'), '64 × 64'],
  [join(IMAGES, 'progressive.jpg'), '160 × 96'],
  [join(IMAGES, 'lossy.webp'), '160 × 96'],
] as const;

/** Of a result in one step, by the package on an open page. */
export async function computed(page: Page, file: string): Promise<string> {
  return page.evaluate(async (base64) => {
    const address = new URL('resshift/index.js', location.href).href;
    const { Upscaler } = (await import(address)) as typeof import('resshift-web');
    const upscaler = await Upscaler.create({ device: 'cpu' });
    const { blob, width, height } = await upscaler.upscale(
      Uint8Array.from(atob(base64), (c) => c.charCodeAt(0)),
      { steps: 1 },
    );
    upscaler.dispose();
    const context = new OffscreenCanvas(width, height).getContext('2d')!;
    context.drawImage(await createImageBitmap(blob), 0, 0);
    const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', context.getImageData(0, 0, width, height).data));
    return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
  }, readFileSync(file).toString('base64'));
}

/** Of the result that the page shows; runs in the page. */
export async function shown(): Promise<string> {
  const image = document.querySelector<HTMLImageElement>('#result')!;
  await image.decode();
  const context = new OffscreenCanvas(image.naturalWidth, image.naturalHeight).getContext('2d')!;
  context.drawImage(image, 0, 0);
  const digest = new Uint8Array(
    await crypto.subtle.digest('SHA-256', context.getImageData(0, 0, image.naturalWidth, image.naturalHeight).data),
  );
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
