// Writes the package's NOTICE: the project's own, and the licences of everything that is compiled into the engine.

import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const TARGET = 'wasm32-unknown-unknown';

/** @typedef {{ id: string, name: string, version: string, license: string | null, manifest_path: string, targets: { kind: string[] }[] }} Package */

const { packages, resolve } = JSON.parse(
  execFileSync('cargo', ['metadata', '--format-version', '1', '--locked', '--filter-platform', TARGET], {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    stdio: ['ignore', 'pipe', 'inherit'],
  }),
);
const byId = new Map(packages.map((/** @type {Package} */ each) => [each.id, each]));
const nodes = new Map(resolve.nodes.map((/** @type {{ id: string }} */ node) => [node.id, node]));

/** The crates in the engine, without those of build scripts, tests and macros. */
const found = new Set();
const queue = [resolve.root];
for (const id of queue) {
  for (const { pkg, dep_kinds } of nodes.get(id).deps) {
    const macro = byId.get(pkg).targets.some((/** @type {{ kind: string[] }} */ { kind }) => kind.includes('proc-macro'));
    if (macro || found.has(pkg) || !dep_kinds.some((/** @type {{ kind: string | null }} */ { kind }) => kind === null)) continue;
    found.add(pkg);
    queue.push(pkg);
  }
}

/** The licence texts of a crate, MIT first: of a choice, one licence is enough. @param {Package} crate */
function licence({ manifest_path }) {
  const folder = dirname(manifest_path);
  const files = readdirSync(folder)
    .filter((name) => /^(licen[cs]e|copying|unlicense)/i.test(name))
    .sort();
  const chosen = files.find((name) => /mit/i.test(name)) ?? files[0];
  return chosen === undefined ? '' : readFileSync(join(folder, chosen), 'utf8').trim();
}

/** @type {Map<string, string[]>} */
const texts = new Map();
for (const crate of [...found].map((id) => /** @type {Package} */ (byId.get(id))).sort((a, b) => a.name.localeCompare(b.name))) {
  const text = licence(crate);
  texts.set(text, [...(texts.get(text) ?? []), `${crate.name} ${crate.version} (${crate.license})`]);
}
const line = '-'.repeat(80);
const parts = [...texts].map(
  ([text, crates]) => `${line}\n${crates.join('\n')}\n\n${text || 'The package brings no text; the name of its licence stands above.'}\n`,
);
writeFileSync(
  join(root, 'npm/NOTICE'),
  `${readFileSync(join(root, 'NOTICE'), 'utf8')}
The engine (engine/resshift_bg.wasm) is compiled from these packages too:

${parts.join('\n')}`,
);
console.log(`npm/NOTICE: ${found.size} packages`);
