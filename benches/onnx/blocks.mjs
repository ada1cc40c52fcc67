// Times blocks of the released UNet in this engine and in onnxruntime-web on one GPU, in turn. See ../README.md.

import { readFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { figures, here, median, open, serve, toJson } from './browser.mjs';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    dist: { type: 'string', default: here('../../npm/dist') },
    rounds: { type: 'string', default: '5' },
    adapter: { type: 'string' },
  },
});
const server = await serve(values.dist, { [here('blocks.json')]: 'python benches/onnx/blocks.py benches/onnx' });
const blocks = Object.entries(JSON.parse(readFileSync(here('blocks.json'), 'utf8')))
  .filter(([name]) => positionals.every((word) => name.includes(word)));
const { browser, call } = await open(server, '/blocks-page.js');
try {
  for (const [name, block] of blocks) await measure(name, block);
} finally {
  await browser.close();
  server.close();
}

async function measure(name, block) {
  const ort = await call('createOrt', block);
  // The first runs compile.
  await call('timeOrt');
  const peer = [];
  /** Ours, by form of the convolution. */
  const forms = {};
  let adapter;
  const load = loadavg()[0];
  for (let round = 0; round < Number(values.rounds); round++) {
    const { peaks, rows } = await call('timeOurs', name);
    adapter = values.adapter ?? peaks.adapter;
    for (const row of rows.filter((row) => row.name.startsWith(`${name}, `))) {
      (forms[row.name.slice(name.length + 2)] ??= []).push(row.ms_min);
    }
    peer.push(await call('timeOrt'));
  }
  const ours = Object.fromEntries(Object.entries(forms).map(([form, times]) => [form, figures(times)]));
  const ratios = Object.fromEntries(Object.entries(forms).map(([form, times]) => [form, median(times) / median(peer)]));
  console.log(toJson({ name, adapter, peer: `onnxruntime-web ${ort.version}`, rounds: peer.length, load, ours, ort: figures(peer), ratios }));
}
