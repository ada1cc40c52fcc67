// Bundles src/ and the engine that `build.sh engine` left in engine/ into dist/, the whole package.

import { build } from 'esbuild';
import { cpSync, existsSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const wasm = here('engine/resshift_bg.wasm');
if (!existsSync(wasm)) {
  console.error('npm/engine is empty: run ./build.sh engine first');
  process.exit(1);
}

const entryPoints = { index: here('src/upscaler.ts'), worker: here('src/worker.ts'), element: here('src/element.ts'), bench: here('src/bench.ts') };
/** The model that the package finds without being told. */
const DEFAULT_MODEL = 'compact';
// Only an engine built for the tests has the numeric checks.
if (readFileSync(here('engine/resshift.js'), 'utf8').includes('export function checks')) {
  entryPoints.checks = here('src/checks.ts');
}

rmSync(here('dist'), { recursive: true, force: true });
/** Bundlers follow addresses that are literals, so those of the default model's files are written out. */
const shippedModel = {
  name: 'shipped model',
  setup(context) {
    context.onResolve({ filter: /^shipped-model$/ }, () => ({ path: 'files', namespace: 'shipped-model' }));
    context.onLoad({ filter: /.*/, namespace: 'shipped-model' }, () => {
      const { shards } = JSON.parse(readFileSync(here(`../models/${DEFAULT_MODEL}/model.json`), 'utf8'));
      const lines = ['model.json', ...shards.map(({ name }) => name)]
        .map((name) => `${JSON.stringify(name)}: new URL('./models/${DEFAULT_MODEL}/${name}', import.meta.url).href`);
      return { contents: `export default { ${lines.join(', ')} };` };
    });
  },
};
/** The element shares the package's classes instead of bringing its own. */
const oneCopy = {
  name: 'one copy',
  setup(context) {
    context.onResolve({ filter: /upscaler\.ts$/ }, ({ importer }) =>
      importer.endsWith('element.ts') ? { path: './index.js', external: true } : undefined);
  },
};
const common = {
  bundle: true,
  target: 'es2022',
  minify: true,
  legalComments: 'none',
  define: { ENGINE_BYTES: String(statSync(wasm).size) },
};
await build({ ...common, entryPoints, outdir: here('dist'), format: 'esm', plugins: [shippedModel, oneCopy] });
await build({
  ...common,
  entryPoints: [here('src/global.ts')],
  outfile: here('dist/cdn/resshift.global.js'),
  format: 'iife',
  globalName: 'ResShift',
  inject: [here('src/shim-url.js')],
  define: { ...common.define, 'import.meta.url': 'moduleUrl' },
  plugins: [shippedModel],
});
for (const name of ['index', 'element']) cpSync(here(`src/${name}.d.ts`), here(`dist/${name}.d.ts`));
cpSync(wasm, here('dist/engine/resshift_bg.wasm'));
for (const { name } of readdirSync(here('../models'), { withFileTypes: true }).filter((entry) => entry.isDirectory())) {
  const folder = `../models/${name}`;
  if (!existsSync(here(`${folder}/model.json`))) continue;
  const { shards } = JSON.parse(readFileSync(here(`${folder}/model.json`), 'utf8'));
  // Weights do not go anywhere without their terms.
  for (const file of ['model.json', 'MODEL_CARD.md', 'CREDITS.tsv', ...shards.map((shard) => shard.name)]) {
    if (existsSync(here(`${folder}/${file}`))) cpSync(here(`${folder}/${file}`), here(`dist/models/${name}/${file}`));
  }
}
