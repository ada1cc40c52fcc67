// Times this engine and onnxruntime-web on the same network in one browser, in turn. See ../README.md.

import { loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { figures, here, median, open, serve, toJson } from './browser.mjs';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    dist: { type: 'string', default: here('../../npm/dist') },
    rounds: { type: 'string' },
    adapter: { type: 'string' },
  },
});
const devices = positionals.length > 0 ? positionals : ['cpu', 'webgpu'];
const ROUNDS = { cpu: 7, webgpu: 3 };

const server = await serve(values.dist, {
  [here('network.onnx')]: 'python benches/onnx/export.py benches/onnx/network.onnx',
});

try {
  for (const device of devices) report(await measure(device, Number(values.rounds ?? ROUNDS[device])));
} finally {
  server.close();
}

/** Both engines on one device, in a browser of their own. */
async function measure(device, rounds) {
  const { browser, call } = await open(server, '/page.js');
  try {
    const ours = await call('createOurs', device);
    const ort = await call('createOrt', device);
    const processor = await processorTime(browser);

    const wall = { ours1: [], ours3: [], ort: [] };
    const busy = { ours1: [], ours3: [], ort: [] };
    const time = async (name, keep) => {
      const before = await processor();
      const took = await (name === 'ort' ? call('timeOrt') : call('timeOurs', name === 'ours1' ? 1 : 3));
      const after = await processor();
      if (!keep) return;
      wall[name].push(took);
      busy[name].push(1000 * (after - before));
    };
    // The first rounds compile: kernels and, in the background, faster forms of the wasm code.
    const warmUps = 2;
    const load = loadavg()[0];
    for (let round = -warmUps; round < rounds; round++) {
      for (const name of ['ours1', 'ort', 'ours3', 'ort']) await time(name, round >= 0);
      console.error(`${device}: ${round < 0 ? 'warm-up' : `round ${round + 1} of ${rounds}`}`);
    }
    return {
      device,
      adapter: device === 'cpu' ? 'CPU, 1 thread each' : (values.adapter ?? ours.device.name),
      browser: `Chromium ${browser.version()}`,
      peer: `onnxruntime-web ${ort.version} (${ort.provider})`,
      rounds,
      peerErrorAgainstCpu: ort.error,
      load: [load, loadavg()[0]],
      milliseconds: summary(wall),
      processorMilliseconds: summary(busy),
    };
  } finally {
    await browser.close();
  }
}

/** A function that says how much processor time the browser's pages and its GPU process have used, in seconds. */
async function processorTime(browser) {
  const session = await browser.newBrowserCDPSession();
  return async () => {
    const { processInfo } = await session.send('SystemInfo.getProcessInfo');
    return processInfo.filter(({ type }) => type !== 'browser').reduce((sum, { cpuTime }) => sum + cpuTime, 0);
  };
}

/** Minimum and median of each series, and our medians over the peer's. */
function summary({ ours1, ours3, ort }) {
  // Two more evaluations, and nothing else, lie between one step and three.
  const evaluation = ours3.map((three, i) => (three - ours1[i]) / 2);
  const ratio = (series) => median(series) / median(ort);
  return {
    picture: figures(ours1),
    evaluation: figures(evaluation),
    ort: figures(ort),
    ratios: { picture: ratio(ours1), evaluation: ratio(evaluation) },
  };
}

function report(result) {
  const { device, adapter, browser, peer, rounds, milliseconds, processorMilliseconds } = result;
  const line = ({ ratios }) => `evaluation ${ratios.evaluation.toFixed(2)}, whole call ${ratios.picture.toFixed(2)}`;
  console.log(toJson(result));
  console.log(
    `${device} on ${adapter}, ${browser}, ours / ${peer}, medians of ${rounds} rounds: ${line(milliseconds)}` +
      ` (processor time: ${line(processorMilliseconds)})`,
  );
}
