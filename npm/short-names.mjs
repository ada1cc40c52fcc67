// node npm/short-names.mjs FOLDER: one or two letters for the names by which the engine and its JavaScript know each other, some 250
// of them, of which many end with 16 random digits that no compression makes smaller. 3 KB of the worker.

import { execFileSync } from 'node:child_process';
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const [folder = ''] = process.argv.slice(2);
const file = (name) => join(folder, name);
const [script, wasm, renamed] = ['resshift.js', 'resshift_bg.wasm', 'renamed.wasm'].map(file);

/** @type {{ imports: [module: string, name: string, short: string][], exports: [name: string, short: string][] }} */
const { imports, exports } = JSON.parse(
  execFileSync('npx', ['wasm-opt', '--minify-imports-and-exports-and-modules', wasm, '-o', renamed], { encoding: 'utf8' }),
);
const [module = ''] = imports.map(([module]) => module);
const shortImport = new Map(imports.map(([, name, short]) => [name, short]));
const shortExport = new Map(exports);
let replaced = 0;
const by = (names) => (whole, name) => {
  const short = names.get(name);
  if (short !== undefined) replaced++;
  return short === undefined ? whole : whole.replace(name, () => short);
};
writeFileSync(
  script,
  readFileSync(script, 'utf8')
    // What the engine never calls: wasm-opt has dropped its end of it.
    .replace(/^ {8}(\w+): function\(.*?^ {8}\}(?:, arguments\); \})?,\n/gms, (entry, name) => (shortImport.has(name) ? entry : ''))
    // wasm-opt calls the module `a`.
    .replace(JSON.stringify(module), 'a')
    .replace(/^ +(\w+): /gm, by(shortImport))
    .replace(/\bwasm\.(\w+)/g, by(shortExport))
    // wgpu could set up surfaces, whose formats it would name; a worker has none.
    .replace(/^const __wbindgen_enum_GpuTextureFormat = .*$/m, 'const __wbindgen_enum_GpuTextureFormat = [];')
    // Every browser with the SIMD that the engine needs has these two, and nothing here calls `initSync` in the old way.
    .replace(/\(typeof FinalizationRegistry === 'undefined'\)\s*\? \{.*?\}\s*: /g, '')
    .replace(/^if \(!\('encodeInto' in cachedTextEncoder\)\) \{$.*?^\}$/ms, '')
    .replace(
      /^function initSync\(module\) \{\s*if \(wasm !== undefined\) return wasm;\s*if .*?^ {4}\}$/ms,
      'function initSync({ module }) {\n    if (wasm !== undefined) return wasm;',
    )
    // Nothing here says `using`, and every call can grow what it has allocated.
    .replace(/^if \(Symbol\.dispose\) .*$/gm, '')
    .replace(/^ {4}if \(realloc === undefined\) \{$.*?^ {4}\}$/ms, '')
    // What Rust prints of a JavaScript value that it did not expect: an error's sentence says enough.
    .replace(/^function debugString\(val\) \{$.*?^\}$/ms, 'function debugString(val) { return String(val); }'),
);
if (replaced < shortImport.size) throw new Error(`${script}: ${replaced} names of ${shortImport.size} were found`);
renameSync(renamed, wasm);
// It describes the names that were.
rmSync(file('resshift_bg.wasm.d.ts'), { force: true });
