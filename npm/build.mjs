// Bundles src/ and the engine that `build.sh engine` left in engine/ into dist/, the whole package.

import { build } from 'esbuild';
import { cpSync, existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { shippedModels } from '../models/shipped.mjs';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const wasm = here('engine/resshift_bg.wasm');
if (!existsSync(wasm)) {
  console.error('npm/engine is empty: run ./build.sh engine first');
  process.exit(1);
}

const entryPoints = { index: here('src/page/upscaler.ts'), worker: here('src/worker/worker.ts'), element: here('src/page/element.ts'), bench: here('src/worker/bench.ts') };
const models = shippedModels();
// Only an engine built for the tests has the numeric checks.
if (readFileSync(here('engine/resshift.js'), 'utf8').includes('export function checks')) {
  entryPoints.checks = here('src/worker/checks.ts');
}

rmSync(here('dist'), { recursive: true, force: true });
/** Bundlers follow addresses that are literals, so those of the models' files are written out. */
const modelAddresses = {
  name: 'shipped models',
  setup(context) {
    context.onResolve({ filter: /^shipped-models$/ }, () => ({ path: 'files', namespace: 'shipped-models' }));
    context.onLoad({ filter: /.*/, namespace: 'shipped-models' }, () => {
      const lines = models.map(({ name, files, channels, bytes }) => {
        const addresses = files.map((file) => `${JSON.stringify(file)}: new URL('./models/${name}/${file}', import.meta.url).href`);
        return `${JSON.stringify(name)}: { files: { ${addresses.join(', ')} }, channels: ${channels}, bytes: ${bytes} }`;
      });
      return { contents: `export default { ${lines.join(', ')} };` };
    });
  },
};
/** Of `errors.json` the package needs codes, messages and advice; the rest is for the command line and the documentation. */
const errorSentences = {
  name: 'error sentences',
  setup(context) {
    context.onLoad({ filter: /errors\.json$/ }, ({ path }) => ({
      contents: JSON.stringify(JSON.parse(readFileSync(path, 'utf8')), (key, value) => (['command', 'when', 'do'].includes(key) ? undefined : value)),
      loader: 'json',
    }));
  },
};
/** The element shares the package's classes instead of bringing its own. */
const oneCopy = {
  name: 'one copy',
  setup(context) {
    context.onResolve({ filter: /upscaler\.ts$/ }, ({ importer }) =>
      /(element|shared-engines)\.ts$/.test(importer) ? { path: './index.js', external: true } : undefined);
  },
};
/**
 * The one address that is imported is known only in a page: says so to bundlers. The comments in the source go when it is minified.
 * @param {string} file
 */
function leaveToBrowsers(file) {
  const parts = readFileSync(file, 'utf8').split(/\bimport\((?=`)/);
  if (parts.length !== 2) throw new Error(`${file} has ${parts.length - 1} imports by address instead of one`);
  writeFileSync(file, parts.join('import(/* webpackIgnore: true */ /* @vite-ignore */ '));
}
const common = {
  bundle: true,
  target: 'es2022',
  minify: true,
  legalComments: 'none',
  define: { ENGINE_BYTES: String(statSync(wasm).size) },
};
await build({ ...common, entryPoints, outdir: here('dist'), format: 'esm', plugins: [modelAddresses, errorSentences, oneCopy] });
await build({
  ...common,
  entryPoints: [here('src/page/global.ts')],
  outfile: here('dist/cdn/resshift.global.js'),
  format: 'iife',
  globalName: 'ResShift',
  inject: [here('src/page/global-url.js')],
  define: { ...common.define, 'import.meta.url': 'moduleUrl' },
  plugins: [modelAddresses, errorSentences],
});
leaveToBrowsers(here('dist/index.js'));
for (const name of ['index', 'element']) cpSync(here(`src/${name}.d.ts`), here(`dist/${name}.d.ts`));
cpSync(here('src/jsx'), here('dist/jsx'), { recursive: true });
cpSync(wasm, here('dist/engine/resshift_bg.wasm'));
for (const { name, files } of models) {
  // Weights do not go anywhere without their terms.
  for (const file of [...files, 'MODEL_CARD.md']) cpSync(here(`../models/${name}/${file}`), here(`dist/models/${name}/${file}`));
}
cpSync(here('../models/CREDITS.tsv'), here('dist/models/CREDITS.tsv'));
// npm packs only what lies in its folder; `notice.mjs` writes NOTICE there.
for (const name of ['LICENSE-APACHE', 'LICENSE-MIT']) cpSync(here(`../${name}`), here(name));
