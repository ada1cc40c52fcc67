// node npm/short-names.mjs FOLDER: numbers instead of hashes in the names by which the engine and its JavaScript know each other.
// wasm-bindgen ends some 200 of them with 16 random digits, which no compression makes smaller: 2 KB of the worker.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const [folder = ''] = process.argv.slice(2);
const [script, wasm] = ['resshift.js', 'resshift_bg.wasm'].map((name) => join(folder, name));

/** @type {Map<string, string>} the names, and as long ones in their place */
const names = new Map();
const HASHED = /((?:__wbg|wasm_bindgen)\w*?_h?)[0-9a-f]{16}(?![0-9a-f])/g;
const short = readFileSync(script, 'utf8').replace(HASHED, (name, start) => {
  if (!names.has(name)) names.set(name, start + String(names.size).padStart(16, '0'));
  return names.get(name);
});
writeFileSync(script, short);
// Of the same length, so that nothing else in the file moves.
writeFileSync(wasm, readFileSync(wasm, 'latin1').replace(HASHED, (name) => names.get(name) ?? name), 'latin1');
