/** The default model as a folder of many small shards, so that downloads have something to do. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DIST } from './folders.ts';

interface Tensor {
  dtype: string;
  shape: number[];
  data_offsets: [number, number];
}

interface ModelJson {
  version: string;
  shards: { name: string; bytes: number; sha256: string }[];
  [field: string]: unknown;
}

export interface ModelFolder {
  /** By path inside the site. */
  files: Map<string, Buffer>;
  /** Names of the shards. */
  shards: string[];
  bytes: number;
}

const FOLDER = join(DIST, 'resshift/models/compact');

/** `model.json` as it ships. */
export function shipped(): ModelJson {
  return JSON.parse(readFileSync(join(FOLDER, 'model.json'), 'utf8')) as ModelJson;
}

/** @param limit maximum bytes of tensors in a shard; larger tensors have one of their own */
export function cutModel({ limit = 400_000, version = '', name = 'compact' } = {}): ModelFolder {
  const model = shipped();
  const groups: { name: string; tensor: Tensor; bytes: Buffer }[][] = [[]];
  let size = 0;
  for (const { name } of model.shards) {
    for (const item of tensors(readFileSync(join(FOLDER, name)))) {
      if (size + item.bytes.length > limit) {
        groups.push([]);
        size = 0;
      }
      size += item.bytes.length;
      groups.at(-1)!.push(item);
    }
  }
  const files = new Map<string, Buffer>();
  const folder = `resshift/models/${name}/`;
  const shards = groups
    .filter((group) => group.length > 0)
    .map((group) => {
      const bytes = shard(group, version);
      const sha256 = createHash('sha256').update(bytes).digest('hex');
      const file = `part-${sha256.slice(0, 8)}.safetensors`;
      files.set(folder + file, bytes);
      return { name: file, bytes: bytes.length, sha256 };
    });
  const bytes = shards.reduce((sum, shard) => sum + shard.bytes, 0);
  const json = { ...model, name, version: version || model.version, shards, bytes };
  files.set(`${folder}model.json`, Buffer.from(JSON.stringify(json)));
  return { files, shards: shards.map(({ name }) => name), bytes };
}

function tensors(file: Buffer): { name: string; tensor: Tensor; bytes: Buffer }[] {
  const length = Number(file.readBigUInt64LE());
  const header = JSON.parse(file.toString('utf8', 8, 8 + length)) as Record<string, Tensor>;
  delete header['__metadata__'];
  return Object.entries(header).map(([name, tensor]) => {
    const [begin, end] = tensor.data_offsets;
    return { name, tensor, bytes: file.subarray(8 + length + begin, 8 + length + end) };
  });
}

/** @param mark makes the bytes differ, and nothing else */
function shard(group: { name: string; tensor: Tensor; bytes: Buffer }[], mark: string): Buffer {
  let at = 0;
  const header: Record<string, unknown> = { __metadata__: { mark } };
  for (const { name, tensor, bytes } of group) header[name] = { ...tensor, data_offsets: [at, (at += bytes.length)] };
  let json = JSON.stringify(header);
  json += ' '.repeat((8 - (json.length % 8)) % 8);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  return Buffer.concat([length, Buffer.from(json), ...group.map(({ bytes }) => bytes)]);
}
