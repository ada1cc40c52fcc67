/** What Firefox does not run, and why; everything else it does. The whole takes some minutes in it, and is to stay so. */

/** Files, by the beginning of their names. */
const FILES: Record<string, string> = {
  accessibility: 'axe takes minutes, and judges the same document',
  'bad-pictures': "is the engine's, which is the same",
  bench: 'measures a GPU',
  choice: 'needs WebGPU',
  colour: "is the engine's, which is the same",
  delivery: 'is long; weights.spec.ts is the part of it that a browser answers for',
  'download-budget': 'needs no browser',
  docs: 'axe takes minutes, and judges the same document',
  engines: "is the engine's, which is the same",
  'full-size': 'needs WebGPU',
  import: "is the engine's, which is the same",
  inputs: "is the engine's, which is the same",
  kernels: 'needs WebGPU',
  large: 'results of 256 megapixels take minutes',
  memory: "is the engine's, which is the same",
  packages: 'what bundlers write is the same; firefox.spec.ts has the plain script',
  parts: 'needs no browser',
  quality: "asks by Chromium's protocol",
  recipes: 'what frameworks write is the same',
  estimate: 'needs no browser',
  samples: 'needs no browser',
  examples: 'they are the recipes',
  'reference-pixels': "is the engine's, whose pixels firefox.spec.ts compares",
  schema: 'needs no browser',
  screens: 'are for people to look at, once',
  screenshots: "are Chromium's",
  serve: 'needs no browser',
  'shared-device': 'needs WebGPU',
  snippets: 'takes minutes',
  webgpu: 'needs WebGPU',
  webkit: 'is of another browser',
};

/** Tests, by their titles. */
const TESTS: Record<string, string> = {
  'a whole folder is taken': 'Playwright cannot hand Firefox a folder',
  'colours of a profile come in sRGB': 'Firefox without a screen draws files on a canvas as they are stored',
  'the result is copied': 'Firefox without a screen has a clipboard without pictures',
  'a file that loses something has a quality': 'a download takes the window out of focus, and fields tell of nothing there',
  'a finger moves the line': "touches come by Chromium's protocol",
  'two fingers zoom': "touches come by Chromium's protocol",
  'is answered within a second': 'measures a GPU, and the engine, which is the same',
  'at 100 % the screen': "Playwright scrolls Firefox's page at every click, and the test has measured before",
  'a picture larger than its frame': "Playwright scrolls Firefox's page at every click, and the test has measured before",
  'buttons zoom as well': "Playwright scrolls Firefox's page at every click, and the test has measured before",
  'side by side both halves': "Playwright scrolls Firefox's page at every click, and the test has measured before",
  'the last result is compared': "photographs break the page's policy in Firefox",
  'the wheel with Ctrl': 'four clicks at once are no two double clicks in Firefox',
  'storage that is known to be too small': "sets the quota by Chromium's protocol",
  'a sandboxed frame without an origin runs it': 'Firefox starts no such worker there, and the error says so',
  'says where it will run': 'names the emulated GPU',
  'a photo becomes a picture': 'names the emulated GPU',
};

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

export const files = new RegExp(`/(${Object.keys(FILES).map(escaped).join('|')})\\.spec\\.ts$`);
export const tests = new RegExp(Object.keys(TESTS).map(escaped).join('|'));
