// The models in the package and the page: every folder here with a model.json, the default one first.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import limits from '../limits.json' with { type: 'json' };

const here = fileURLToPath(new URL('.', import.meta.url));

/**
 * @returns {{ name: string, bytes: number, steps: number, y0: number, channels: number, shards: string[], manifest: string }[]}
 *   `y0`: approximate work of its network, in steps; `shards`: their names; `manifest`: text of model.json
 */
export function shippedModels() {
  const names = readdirSync(here).filter((name) => existsSync(join(here, name, 'model.json')));
  const rank = (/** @type {string} */ name) => (name === limits.defaultModel ? 0 : 1);
  return names
    .sort((a, b) => rank(a) - rank(b) || a.localeCompare(b))
    .map((name) => {
      const manifest = readFileSync(join(here, name, 'model.json'), 'utf8');
      const { bytes, schedule, network, shards } = JSON.parse(manifest);
      const names = shards.map((/** @type {{ name: string }} */ shard) => shard.name);
      return {
        name,
        bytes,
        steps: schedule.steps,
        y0: network.prior ? 1 : 0,
        channels: [network.channels].flat()[0],
        shards: names,
        manifest,
      };
    });
}
