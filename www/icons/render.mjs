// Writes the icons: the SVG sources, and the PNG files that browsers need too.
// Run it after changing the drawing: node www/icons/render.mjs
import { writeFile } from 'node:fs/promises';
import { chromium } from '@playwright/test';
import { launchOptions } from '../../tests/browser/browsers/chromium.mjs';

const GROUND = '#1b2a4a';
const COARSE = ['#d98a3d', '#f0a650', '#c9782f', '#e89a45', '#f3b262', '#d4823a'];

/**
 * A disc, coarse on its left half and smooth on its right: a picture before and after.
 * @param {{ radius: number, corner: number }} shape in units of a 512 x 512 picture
 */
function drawing({ radius, corner }) {
  const centre = 256;
  const cell = radius / 3;
  const cells = [];
  for (let column = -3; column < 0; column++) {
    for (let row = -3; row < 3; row++) {
      const x = (column + 0.5) * cell;
      const y = (row + 0.5) * cell;
      if (Math.hypot(x, y) > radius) continue;
      const tint = COARSE[(column + 3 + 2 * (row + 3)) % COARSE.length];
      cells.push(`<rect x="${centre + column * cell}" y="${centre + row * cell}" width="${cell}" height="${cell}" fill="${tint}"/>`);
    }
  }
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 512 512">
<defs><linearGradient id="g" x1="0" y1="0" x2="0" y2="1"><stop offset="0" stop-color="#ffd28a"/><stop offset="1" stop-color="#ec8f3c"/></linearGradient></defs>
<rect width="512" height="512" rx="${corner}" fill="${GROUND}"/>
<g shape-rendering="crispEdges">${cells.join('')}</g>
<path d="M${centre} ${centre - radius}a${radius} ${radius} 0 0 1 0 ${2 * radius}z" fill="url(#g)"/>
<rect x="${centre - 7}" y="${centre - radius * 1.3}" width="14" height="${radius * 2.6}" rx="7" fill="#fff"/>
</svg>
`;
}

/** @param {{ radius: number }} shape the left half open, the right half filled */
function monochrome({ radius }) {
  const edge = radius - 14;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 512 512">
<path d="M236 ${256 - edge}a${edge} ${edge} 0 0 0 0 ${2 * edge}" fill="none" stroke="#000" stroke-width="28"/>
<path d="M276 ${256 - radius}a${radius} ${radius} 0 0 1 0 ${2 * radius}z"/>
</svg>
`;
}

const here = new URL('./', import.meta.url);
const icon = drawing({ radius: 150, corner: 112 });
// A maskable icon may be cropped to a circle of 80 % of its width: no round corners, smaller disc.
const maskable = drawing({ radius: 120, corner: 0 });
await writeFile(new URL('icon.svg', here), icon);
await writeFile(new URL('maskable.svg', here), maskable);

// One colour on a transparent background: systems tint it.
await writeFile(new URL('monochrome.svg', here), monochrome({ radius: 180 }));

const browser = await chromium.launch(launchOptions());
for (const { svg, size, name } of [
  { svg: icon, size: 192, name: 'icon-192' },
  { svg: icon, size: 512, name: 'icon-512' },
  { svg: maskable, size: 512, name: 'maskable-512' },
]) {
  const page = await browser.newPage({ viewport: { width: size, height: size } });
  await page.setContent(`<style>body{margin:0}svg{display:block;width:${size}px;height:${size}px}</style>${svg}`);
  await page.screenshot({ path: new URL(`${name}.png`, here).pathname, omitBackground: true });
  await page.close();
}
await browser.close();
