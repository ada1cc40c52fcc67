// Bundles src/ and the engine that `build.sh engine` left in engine/ into dist/, the whole package.

import { build } from 'esbuild';
import { minify } from 'terser';
import { cpSync, existsSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import limits from '../limits.json' with { type: 'json' };
import { shippedModels } from '../models/shipped.mjs';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const wasm = here('engine/resshift_bg.wasm');
if (!existsSync(wasm)) {
  console.error('npm/engine is empty: run ./build.sh engine first');
  process.exit(1);
}

const entryPoints = {
  index: here('src/page/upscaler.ts'),
  worker: here('src/worker/worker.ts'),
  element: here('src/element/element.ts'),
  bench: here('src/worker/bench.ts'),
};
const models = shippedModels();
const standard = models.find(({ name }) => name === limits.defaultModel);
// Only an engine built for the tests has the numeric checks.
if (readFileSync(here('engine/resshift.js'), 'utf8').includes('export function checks')) {
  entryPoints.checks = here('src/worker/checks.ts');
}

rmSync(here('dist'), { recursive: true, force: true });
const byName = (entries) => `{ __proto__: null, ${entries.map(([name, value]) => `${JSON.stringify(name)}: ${value}`).join(', ')} }`;
/** Bundlers follow addresses that are literals, so those of a model's files are written out. */
const addresses = ({ name, shards }) => byName(shards.map((file) => [file, `new URL('./models/${name}/${file}', import.meta.url).href`]));
/** Where the modules of other models store addresses for `index.js` without importing it. */
const REGISTRY = "globalThis[Symbol.for('resshift-web')]";
const made = {
  'shipped-models': `
    export const sizes = ${byName(models.map(({ name, channels, bytes, y0 }) => [name, JSON.stringify({ channels, bytes, y0: y0 > 0 || undefined })]))};
    export const addresses = (name) => name === '${standard.name}' ? ${addresses(standard)} : ${REGISTRY}?.[name];`,
  'shipped-manifests': `export default ${byName(models.map(({ name, manifest }) => [name, JSON.stringify(JSON.stringify(JSON.parse(manifest)))]))};`,
};
const modelFiles = {
  name: 'shipped models',
  setup(context) {
    context.onResolve({ filter: /^shipped-/ }, ({ path }) => ({ path, namespace: 'made' }));
    context.onLoad({ filter: /.*/, namespace: 'made' }, ({ path }) => ({ contents: made[path] }));
  },
};
/** The package needs codes, messages and advice of `errors.json`. The rest is for the command line and the documentation. */
const errorSentences = {
  name: 'error sentences',
  setup(context) {
    context.onLoad({ filter: /errors\.json$/ }, ({ path }) => {
      const entries = Object.entries(JSON.parse(readFileSync(path, 'utf8'))).map(
        ([name, { code, message, advice }]) => `export const ${name} = ${JSON.stringify({ code, message, advice })};`,
      );
      return { contents: entries.join('\n'), loader: 'js' };
    });
  },
};
/** The languages of errors, one file each. */
const languages = readdirSync(here('src/languages')).map((name) => name.replace(/\.ts$/, ''));
for (const name of languages) entryPoints[`languages/${name}`] = here(`src/languages/${name}.ts`);
/** @param {string} folder of these files, as seen from the importing file */
const languageFiles = (folder) => ({
  name: 'language files',
  setup(context) {
    context.onResolve({ filter: /^\.\.\/languages\// }, ({ path }) => ({
      path: path.replace('../languages', folder).replace('.ts', '.js'),
      external: true,
    }));
  },
});
/** The element shares the package's classes instead of bringing its own. */
const oneCopy = {
  name: 'one copy',
  setup(context) {
    context.onResolve({ filter: /upscaler\.ts$/ }, ({ importer }) =>
      /[\\/]element[\\/]/.test(importer) ? { path: './index.js', external: true } : undefined,
    );
  },
};
/**
 * Tells bundlers to leave the one import whose address is known only at run time. Minifying has removed the comments of the source.
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
await build({
  ...common,
  entryPoints,
  outdir: here('dist'),
  format: 'esm',
  plugins: [modelFiles, errorSentences, languageFiles('./languages'), oneCopy],
});
await build({
  ...common,
  entryPoints: [here('src/element/global.ts')],
  outfile: here('dist/cdn/resshift.global.js'),
  format: 'iife',
  globalName: 'ResShift',
  inject: [here('src/element/global-url.js')],
  define: { ...common.define, 'import.meta.url': 'moduleUrl' },
  plugins: [modelFiles, errorSentences, languageFiles('../languages')],
});
for (const name of readdirSync(here('dist'), { recursive: true })) {
  if (!name.endsWith('.js')) continue;
  const file = here(`dist/${name}`);
  // esbuild's own minifier leaves 5 % more. Arrows in place of functions: nothing here calls `new` on one, or needs its `this`;
  // and nothing here is read only for what a getter does.
  // A classic script is read in the encoding of its page, whatever that is.
  const format = { ascii_only: name.includes('global') };
  const { code } = await minify(readFileSync(file, 'utf8'), {
    module: !name.includes('global'),
    ecma: 2022,
    compress: { passes: 3, unsafe_arrows: true, pure_getters: true },
    format,
  });
  writeFileSync(file, code);
}
leaveToBrowsers(here('dist/index.js'));
for (const name of ['index', 'element', 'languages']) cpSync(here(`src/${name}.d.ts`), here(`dist/${name}.d.ts`));
cpSync(here('src/jsx'), here('dist/jsx'), { recursive: true });
cpSync(wasm, here('dist/engine/resshift_bg.wasm'));
for (const model of models.filter((one) => one !== standard)) {
  writeFileSync(here(`dist/${model.name}.js`), `(${REGISTRY} ??= {})[${JSON.stringify(model.name)}] = ${addresses(model)};\n`);
  writeFileSync(here(`dist/${model.name}.d.ts`), `/** Has a bundler copy the model \`${model.name}\`. */\nexport {};\n`);
}
for (const { name, shards } of models) {
  // Weights must come with their terms.
  for (const file of ['model.json', ...shards, 'MODEL_CARD.md'])
    cpSync(here(`../models/${name}/${file}`), here(`dist/models/${name}/${file}`));
}
cpSync(here('../models/CREDITS.tsv'), here('dist/models/CREDITS.tsv'));
// npm packs only files in its folder; `notice.mjs` writes NOTICE there.
for (const name of ['LICENSE-APACHE', 'LICENSE-MIT']) cpSync(here(`../${name}`), here(name));
