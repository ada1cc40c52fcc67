// Says how large the engine is on its way to a browser, compressed as servers do it, and fails where that is too much.

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants } from 'node:zlib';

/** Bytes, the checks of the tests included, which a release is without. More than this is a mistake. */
const MOST = 1_170_000;

const wasm = readFileSync(fileURLToPath(new URL('engine/resshift_bg.wasm', import.meta.url)));
const bytes = brotliCompressSync(wasm, {
  params: { [constants.BROTLI_PARAM_LGWIN]: 24, [constants.BROTLI_PARAM_SIZE_HINT]: wasm.length },
}).length;
const megabytes = (count) => (count / 1e6).toFixed(2);
console.log(`npm/engine: ${megabytes(wasm.length)} MB, ${megabytes(bytes)} MB compressed`);
if (bytes > MOST) {
  console.error(`The engine may take ${megabytes(MOST)} MB compressed.`);
  process.exit(1);
}
