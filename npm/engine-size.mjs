// Prints the engine's size, compressed as servers compress it, and fails if it is too large.

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants } from 'node:zlib';

/** Includes the kernel checks of the tests, which a release does not have. */
const MAX_BYTES = 1_170_000;

const wasm = readFileSync(fileURLToPath(new URL('engine/resshift_bg.wasm', import.meta.url)));
const bytes = brotliCompressSync(wasm, {
  params: { [constants.BROTLI_PARAM_LGWIN]: 24, [constants.BROTLI_PARAM_SIZE_HINT]: wasm.length },
}).length;
const megabytes = (count) => (count / 1e6).toFixed(2);
console.log(`npm/engine: ${megabytes(wasm.length)} MB, ${megabytes(bytes)} MB compressed`);
if (bytes > MAX_BYTES) {
  console.error(`The engine may take ${megabytes(MAX_BYTES)} MB compressed.`);
  process.exit(1);
}
