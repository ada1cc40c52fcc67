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

const entryPoints = { index: here('src/upscaler.ts'), worker: here('src/worker.ts') };
// Only an engine built for the tests has the numeric checks.
if (readFileSync(here('engine/resshift.js'), 'utf8').includes('export function checks')) {
  entryPoints.checks = here('src/checks.ts');
}

rmSync(here('dist'), { recursive: true, force: true });
await build({
  entryPoints,
  outdir: here('dist'),
  bundle: true,
  format: 'esm',
  target: 'es2022',
  minify: true,
  legalComments: 'none',
  define: { ENGINE_BYTES: String(statSync(wasm).size) },
});
cpSync(here('src/index.d.ts'), here('dist/index.d.ts'));
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
