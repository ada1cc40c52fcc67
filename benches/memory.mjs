// Memory of the page's process over runs in Chromium on the CPU: node benches/memory.mjs WxH... [--steps N] [--model NAME]
// [--format jpeg] [--engines N] [--show]. Needs ./build.sh package, and Linux. Each size is a photo-like JPEG file that is decoded,
// upscaled and encoded by one upscaler, one after the other; `--show` puts each result on screen. A line of JSON for each: what
// `Upscaler.memory` told, the most that the process had, and what it has after the run, in MB. CHROMIUM and the like as for
// onnx/run.mjs.

import { readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { parseArgs } from 'node:util';
import { files } from '../www/serve.mjs';
import { here, launch } from './onnx/browser.mjs';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    steps: { type: 'string', default: '4' },
    model: { type: 'string', default: 'compact' },
    format: { type: 'string', default: 'jpeg' },
    engines: { type: 'string', default: '1' },
    show: { type: 'boolean', default: false },
  },
});
const sizes = positionals.map((size) => size.split('x').map(Number));

/** MB of the largest process of pages: that of ours. */
function resident() {
  const processes = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  const of = (id) => {
    try {
      const pages = readFileSync(`/proc/${id}/cmdline`, 'utf8').includes('--type=renderer');
      return pages ? Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${id}/status`, 'utf8'))?.[1] ?? 0) : 0;
    } catch {
      return 0; // It has just ended.
    }
  };
  return Math.round((Math.max(0, ...processes.map(of)) * 1024) / 1e6);
}

const serve = files(here('../../npm/dist'));
const server = createServer((request, response) => {
  if (request.url !== '/') return serve(request, response);
  response.writeHead(200, { 'Content-Type': 'text/html' }).end('<!doctype html><title>memory</title>');
});
await new Promise((listening) => server.listen(0, '127.0.0.1', listening));
const browser = await launch();
try {
  const page = await browser.newPage();
  page.on('console', (message) => process.stderr.write(`${message.text()}\n`));
  await page.goto(`http://localhost:${server.address().port}/`);
  await page.evaluate(async ({ model, engines }) => {
    const { Upscaler } = await import('/index.js');
    globalThis.Upscaler = Upscaler;
    globalThis.upscaler = await Upscaler.create({ model, device: 'cpu', engines: Number(engines) });
  }, values);
  for (const [width, height] of sizes) {
    let most = 0;
    const timer = setInterval(() => (most = Math.max(most, resident())), 100);
    const run = await page.evaluate(
      async ({ width, height, steps, model, format, show }) => {
        const canvas = new OffscreenCanvas(width, height);
        const context = canvas.getContext('2d');
        for (let i = 0; i < 600; i++) {
          context.fillStyle = `hsl(${(i * 37) % 360} ${30 + (i % 50)}% ${20 + (i % 60)}%)`;
          context.beginPath();
          context.ellipse((i * 997) % width, (i * 613) % height, width / (4 + (i % 40)), height / (4 + (i % 30)), i, 0, 7);
          context.fill();
        }
        const photo = await canvas.convertToBlob({ type: 'image/jpeg', quality: 0.9 });
        canvas.width = canvas.height = 1;
        let told = 0;
        const onProgress = ({ fraction }) => {
          if (fraction >= told + 0.1) console.log(`${width} x ${height}: ${Math.round((told = fraction) * 100)} %`);
        };
        const begun = performance.now();
        const result = await globalThis.upscaler.upscale(photo, { steps: Number(steps), format, onProgress });
        if (show) {
          const image = new Image();
          image.src = URL.createObjectURL(result.blob);
          await image.decode();
          URL.revokeObjectURL(document.querySelector('img')?.src ?? '');
          document.body.replaceChildren(image);
        }
        return {
          input: `${width} x ${height}`,
          result: `${result.width} x ${result.height}`,
          bytes: result.blob.size,
          seconds: Math.round((performance.now() - begun) / 1000),
          told: Math.round(globalThis.Upscaler.memory(width, height, model) / 1e6),
        };
      },
      { width, height, ...values },
    );
    clearInterval(timer);
    // A worker that has ended gives its memory back a moment later.
    await new Promise((passed) => setTimeout(passed, 2000));
    console.log(JSON.stringify({ ...run, most, after: resident() }));
  }
} finally {
  await browser.close();
  server.close();
}
