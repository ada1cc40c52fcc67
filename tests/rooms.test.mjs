import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { crowded, faults } from './rooms.mjs';

for (const tree of ['npm/src', 'www/src']) {
  test(`imports of ${tree} point downwards`, () => {
    assert.deepEqual(faults(fileURLToPath(new URL(`../${tree}`, import.meta.url))), []);
  });
}

test('no source file is too long, and no folder too full', () => {
  assert.deepEqual(crowded(fileURLToPath(new URL('..', import.meta.url))), []);
});

/** What `check` finds in a folder with these files. @param {Record<string, string>} files @param {(folder: string) => string[]} check */
function found(files, check) {
  const folder = mkdtempSync(join(tmpdir(), 'rooms-'));
  try {
    for (const [path, source] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), source);
    }
    return check(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Files that have `count` lines each. @param {number} count @param {string[]} paths */
const linesOf = (count, ...paths) => Object.fromEntries(paths.map((path) => [path, '\n'.repeat(count)]));
const many = (/** @type {number} */ count, /** @type {string} */ folder) =>
  linesOf(1, ...Array.from({ length: count }, (_, index) => `${folder}/${index}.rs`));

/** @type {[string, Record<string, string>, string[]][]} */
const crowds = [
  ['450 lines pass', linesOf(450, 'src/a.rs', 'www/a.css'), []],
  ['451 lines, in any language', linesOf(451, 'a.py', 'src/a.rs'), ['a.py has 451 lines; split it', 'src/a.rs has 451 lines; split it']],
  ['long files of other kinds pass', linesOf(451, 'a.md', 'a.json'), []],
  ['20 files pass, and so do many in folders of their own', { ...many(20, 'src'), ...many(20, 'src/a') }, []],
  ['21 files', many(21, 'src/a'), ['src/a has 21 source files; split it']],
  ['tests of Cargo', { ...many(21, 'tests'), ...many(21, 'tests/support') }, ['tests/support has 21 source files; split it']],
  ['ignored files pass', { ...many(21, 'built'), '.gitignore': 'built' }, []],
];
for (const [name, files, expected] of crowds) {
  test(name, () => {
    const check = (/** @type {string} */ root) => {
      execFileSync('git', ['init', '--quiet', root]);
      return crowded(root);
    };
    assert.deepEqual(found(files, check), expected);
  });
}

/** The faults of a tree with two rooms above a third, and these files. @param {Record<string, string>} files */
function faultsOf(files) {
  const rooms = JSON.stringify({ order: [['top', 'beside'], ['bottom']], outside: { top: ['library'] } });
  return found({ 'rooms.json': rooms, 'top/a.ts': '', 'beside/a.ts': '', 'bottom/a.ts': '', ...files }, faults);
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
];
for (const [name, files, expected] of cases) test(name, () => assert.deepEqual(faultsOf(files), expected));
