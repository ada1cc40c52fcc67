/** Whether a shard is the file that `model.json` names. */

import { sha256 as slowSha256 } from '../../engine/resshift.js';
import type { Shard } from '../shared/store.ts';

export async function isWhole(bytes: Uint8Array<ArrayBuffer>, shard: Shard): Promise<boolean> {
  return bytes.length === shard.bytes && (await sha256(bytes)) === shard.sha256;
}

/** 64 lower-case hexadecimal digits. Without a secure context the browser has no digest, so the engine computes it. */
async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  if (!crypto.subtle) return slowSha256(bytes);
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
