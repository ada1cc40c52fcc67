// Runs the page that measures, `bench/`, in Chromium and prints its report: node benches/page.mjs [evaluations] [kernels]
// Needs ./build.sh page. CHROMIUM, CHROMIUM_FLAGS and CHROMIUM_WITHOUT as for onnx/run.mjs.

import { createServer } from 'node:http';
import { files } from '../www/serve.mjs';
import { here, launch } from './onnx/browser.mjs';

const BUTTONS = { evaluations: '#measure', kernels: '#kernels' };
const parts = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(BUTTONS);

const server = createServer(files(here('../../dist')));
await new Promise((listening) => server.listen(0, '127.0.0.1', listening));
const browser = await launch();
try {
  const page = await browser.newPage();
  await page.goto(`http://localhost:${server.address().port}/bench/`);
  for (const part of parts) {
    await page.click(BUTTONS[part]);
    await page.waitForSelector(`${BUTTONS[part]}:enabled`, { timeout: 600_000 });
    const status = await page.textContent('#status');
    if (status !== 'Done.') throw new Error(status);
    console.log(await page.inputValue('#json'));
  }
} finally {
  await browser.close();
  server.close();
}
