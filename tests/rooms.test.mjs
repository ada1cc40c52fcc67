import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { faults } from './rooms.mjs';

const browser = fileURLToPath(new URL('browser', import.meta.url));

for (const tree of ['npm/src', 'www/src']) {
  test(`imports of ${tree} point downwards`, () => {
    assert.deepEqual(faults(fileURLToPath(new URL(`../${tree}`, import.meta.url))), []);
  });
}

test('no folder of browser tests hides a file among many', () => {
  const folders = readdirSync(browser, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name);
  assert.ok(folders.length > 5);
  for (const folder of ['.', ...folders]) {
    const count = readdirSync(join(browser, folder), { withFileTypes: true }).filter((entry) => entry.isFile()).length;
    assert.ok(count <= 20, `${folder} has ${count} files`);
  }
});

test('no source has more lines than a reader keeps in mind', () => {
  const root = fileURLToPath(new URL('..', import.meta.url));
  const sources = ['npm', 'www', 'tests', 'models', 'examples'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .map((path) => join(folder, path))
      .filter((path) => /\.(ts|mjs|js|jsx)$/.test(path) && !/node_modules|^npm.(dist|engine)\b|^tests.bundlers.work\b/.test(path)),
  );
  assert.ok(sources.length > 150);
  const lines = (/** @type {string} */ path) => readFileSync(join(root, path), 'utf8').split('\n').length - 1;
  assert.deepEqual(
    sources.filter((path) => lines(path) > 450),
    [],
  );
});

/** The faults of a tree with these files. @param {Record<string, string>} files */
function faultsOf(files) {
  const tree = mkdtempSync(join(tmpdir(), 'rooms-'));
  try {
    const rooms = { order: [['top', 'beside'], ['bottom']], outside: { top: ['library'] } };
    for (const [path, source] of Object.entries({
      'rooms.json': JSON.stringify(rooms),
      'top/a.ts': '',
      'beside/a.ts': '',
      'bottom/a.ts': '',
      ...files,
    })) {
      mkdirSync(dirname(join(tree, path)), { recursive: true });
      writeFileSync(join(tree, path), source);
    }
    return faults(tree);
  } finally {
    rmSync(tree, { recursive: true });
  }
}

/** @type {[string, Record<string, string>, string[]][]} */
const cases = [
  ['a downward import passes', { 'top/a.ts': "import { b } from '../bottom/a.ts'; import 'library'; b;" }, []],
  ['an upward import', { 'bottom/a.ts': "import { b } from '../top/a.ts'; b;" }, ['bottom/a.ts imports top/a.ts: top is not below bottom']],
  [
    'an upward type',
    { 'bottom/a.ts': "import type { B } from '../top/a.ts'; export type C = B;" },
    ['bottom/a.ts imports top/a.ts: top is not below bottom'],
  ],
  ['an upward export', { 'bottom/a.ts': "export * from '../top/a.ts';" }, ['bottom/a.ts imports top/a.ts: top is not below bottom']],
  [
    'an upward import at run time',
    { 'bottom/a.ts': "export const b = () => import('../top/a.ts');" },
    ['bottom/a.ts imports top/a.ts: top is not below bottom'],
  ],
  ['an import from a room beside', { 'top/a.ts': "import '../beside/a.ts';" }, ['top/a.ts imports beside/a.ts: beside is not below top']],
  [
    'a package that only another room may use',
    { 'bottom/a.ts': "import 'library';" },
    ['bottom/a.ts imports library, which bottom may not'],
  ],
  ['a way out of the tree', { 'top/a.ts': "import '../../elsewhere.ts';" }, ['top/a.ts imports ../elsewhere.ts, which top may not']],
  ['a file without a room', { 'loose.ts': '' }, ['loose.ts is in no room of rooms.json']],
  [
    'a room that is too full',
    Object.fromEntries(Array.from({ length: 20 }, (_, index) => [`bottom/${index}.ts`, ''])),
    ['bottom has 21 files; split it'],
  ],
];
for (const [name, files, expected] of cases) test(name, () => assert.deepEqual(faultsOf(files), expected));
