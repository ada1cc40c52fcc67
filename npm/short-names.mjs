// node npm/short-names.mjs FOLDER: shortens the about 250 names of imports and exports between the engine and its JavaScript to one or
// two letters. Many end with 16 random digits, which do not compress. This saves 3 KB of the worker.

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
    // The engine never calls it: wasm-opt has removed the import.
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
    // Nothing here uses `using`, and every call can grow its allocations.
    .replace(/^if \(Symbol\.dispose\) .*$/gm, '')
    .replace(/^ {4}if \(realloc === undefined\) \{$.*?^ {4}\}$/ms, '')
    // How Rust prints an unexpected JavaScript value; an error's sentence is enough.
    .replace(/^function debugString\(val\) \{$.*?^\}$/ms, 'function debugString(val) { return String(val); }'),
);
if (replaced < shortImport.size) throw new Error(`${script}: ${replaced} names of ${shortImport.size} were found`);
renameSync(renamed, wasm);
// It describes the old names.
rmSync(file('resshift_bg.wasm.d.ts'), { force: true });
