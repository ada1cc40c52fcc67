/** A narrow and a wide font, so that what fits does not depend on the fonts of the machine. Chinese and Japanese are one em wide in all. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Page } from '@playwright/test';

/** Family, weight and file; a subset of letters is a family of its own. */
const FACES = {
  narrow: [
    ['Narrow', 400, '@fontsource/roboto-condensed/files/roboto-condensed-latin-400-normal.woff2'],
    ['Narrow ext', 400, '@fontsource/roboto-condensed/files/roboto-condensed-latin-ext-400-normal.woff2'],
    ['Narrow vi', 400, '@fontsource/roboto-condensed/files/roboto-condensed-vietnamese-400-normal.woff2'],
  ],
  wide: [
    ['Wide', 400, '@fontsource/dejavu-sans/files/dejavu-sans-latin-400-normal.woff2'],
    ['Wide', 700, '@fontsource/dejavu-sans/files/dejavu-sans-latin-700-normal.woff2'],
  ],
} as const;

export type Font = keyof typeof FACES;
export const FONTS = Object.keys(FACES) as Font[];

/** Puts the page into the font. */
export async function useFont(page: Page, font: Font): Promise<void> {
  const faces = FACES[font].map(([family, weight, file]) => {
    const bytes = readFileSync(fileURLToPath(import.meta.resolve(file)));
    return { family, weight: String(weight), data: bytes.toString('base64') };
  });
  await page.evaluate(async (faces) => {
    for (const { family, weight, data } of faces) {
      if ([...document.fonts].some((face) => face.family === family && face.weight === weight)) continue;
      const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
      document.fonts.add(await new FontFace(family, bytes, { weight }).load());
    }
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(`:root { font-family: ${faces.map(({ family }) => `'${family}'`).join(', ')}, sans-serif; }`);
    document.adoptedStyleSheets = [sheet];
  }, faces);
}
