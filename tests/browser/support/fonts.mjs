// A narrow and a wide font, so that what fits, and what a screenshot shows, does not depend on the fonts of the machine. Chinese
// and Japanese are one em wide in all.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const WEIGHTS = [400, 700];
/** The families of a font, by the subsets of letters that its files hold. */
const FAMILIES = {
  narrow: { roboto: ['latin', 'latin-ext', 'vietnamese'] },
  wide: { 'dejavu-sans': ['latin'] },
};

/** @typedef {keyof typeof FAMILIES} Font */
export const FONTS = /** @type {Font[]} */ (Object.keys(FAMILIES));

/**
 * Puts the page into the font.
 * @param {import('@playwright/test').Page} page
 * @param {Font} font
 */
export async function useFont(page, font) {
  const faces = Object.entries(FAMILIES[font]).flatMap(([name, subsets]) =>
    subsets.flatMap((subset) =>
      WEIGHTS.map((weight) => {
        const file = import.meta.resolve(`@fontsource/${name}/files/${name}-${subset}-${weight}-normal.woff2`);
        return { family: `${name} ${subset}`, weight: String(weight), data: readFileSync(fileURLToPath(file)).toString('base64') };
      }),
    ),
  );
  await page.evaluate(async (faces) => {
    for (const { family, weight, data } of faces) {
      // Some browsers put quotes around the name.
      if ([...document.fonts].some((face) => face.family.includes(family) && face.weight === weight)) continue;
      const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
      document.fonts.add(await new FontFace(family, bytes, { weight }).load());
    }
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(`:root { font-family: ${[...new Set(faces.map(({ family }) => `'${family}'`))].join(', ')}, sans-serif; }`);
    document.adoptedStyleSheets = [sheet];
  }, faces);
}
