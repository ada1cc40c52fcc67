/** models/model.schema.json says of every `model.json` what the engine says of it. Needs no browser. */
import { expect, test } from '@playwright/test';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const at = (path: string): string => fileURLToPath(new URL(`../../../${path}`, import.meta.url));
const read = (path: string): any => JSON.parse(readFileSync(at(path), 'utf8'));

const valid = new Ajv2020({ strict: true, strictRequired: false, allErrors: true }).compile(read('models/model.schema.json'));

function refuses(json: unknown): string[] {
  return valid(json) ? [] : (valid.errors ?? []).map((error) => `${error.instancePath} ${error.message}`);
}

const shipped = readdirSync(at('models'), { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && readdirSync(at(`models/${entry.name}`)).includes('model.json'))
  .map((entry) => `models/${entry.name}/model.json`);

// The second is what tests/cli/convert.rs converts the small checkpoints to.
for (const path of [...shipped, 'tests/golden/tiny.model.json']) {
  test(`${path} follows the schema`, () => {
    expect(refuses(read(path))).toEqual([]);
  });
}

test('every required field is missed, and no other is allowed', () => {
  const model = read('models/compact/model.json');
  for (const field of ['name', 'version', 'engine', 'scale', 'schedule', 'arch', 'network', 'bytes', 'shards', 'licence']) {
    const { [field]: _, ...rest } = model;
    expect(refuses(rest), field).not.toEqual([]);
  }
  expect(refuses({ ...model, files: [] })).not.toEqual([]);
});

test('broken values are found where they are', () => {
  const model = read('models/compact/model.json');
  const shard = model.shards[0];
  const broken: [string, object][] = [
    ['/engine', { engine: '1' }],
    ['/scale', { scale: 2 }],
    ['/temperature', { temperature: 3 }],
    ['/name', { name: '../up' }],
    ['/bytes', { bytes: 0.5 }],
    ['/licence', { licence: { name: 'MIT' } }],
    ['/schedule/steps', { schedule: { steps: 0, p: 0.3, kappa: 2 } }],
    ['/shards', { shards: [] }],
    ['/shards/0/name', { shards: [{ ...shard, name: 'weights.safetensors' }] }],
    ['/shards/0/bytes', { shards: [{ ...shard, bytes: 8388609 }] }],
    ['/shards/0/sha256', { shards: [{ ...shard, sha256: shard.sha256.toUpperCase() }] }],
    ['', { arch: 'swin-vq' }],
    ['/network/channels', { network: { ...model.network, channels: [] } }],
  ];
  for (const [where, change] of broken) {
    expect(refuses({ ...model, ...change }).join('; '), where).toContain(`${where} `);
  }
});
