// Checks of the source tree. Imports between the rooms of a tree (its folders and loose files) must point downwards, as its
// `rooms.json` says: `order` from top to bottom, where rooms of one line must not import each other; `outside` lists what a room may
// import from elsewhere. And no source file may be too long, no folder too full.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { parseSync } from 'vite';

/** A longer file is split. */
const MAX_LINES = 450;
/** Among more source files than this, nobody finds the right one by its name. */
const MAX_FILES = 20;
const SOURCE = /\.(rs|ts|mjs|js|jsx|wgsl|css|py|sh|html)$/;
/** Cargo finds tests only in the folder `tests` itself, a file or a folder for each. */
const FULL_FOLDERS = ['tests'];

/**
 * @param {string} root of a git repository
 * @returns {string[]} one sentence for each source file that is too long, and each folder with too many; ignored files do not count
 */
export function crowded(root) {
  const listed = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], { cwd: root, encoding: 'utf8' });
  const sources = listed.split('\n').filter((path) => SOURCE.test(path) && existsSync(join(root, path)));
  /** @type {Map<string, number>} */
  const folders = new Map();
  /** @type {string[]} */
  const found = [];
  for (const path of sources) {
    const lines = readFileSync(join(root, path), 'utf8').split('\n').length - 1;
    if (lines > MAX_LINES) found.push(`${path} has ${lines} lines; split it`);
    folders.set(dirname(path), (folders.get(dirname(path)) ?? 0) + 1);
  }
  for (const [folder, count] of folders) {
    if (count > MAX_FILES && !FULL_FOLDERS.includes(folder)) found.push(`${folder} has ${count} source files; split it`);
  }
  return found;
}

/**
 * @param {string} tree folder with a `rooms.json`
 * @returns {string[]} one sentence for each wrong import, and each file or room that `rooms.json` does not match
 */
export function faults(tree) {
  /** @type {{ order: string[][], outside: Record<string, string[]> }} */
  const { order, outside } = JSON.parse(readFileSync(join(tree, 'rooms.json'), 'utf8'));
  const level = new Map(order.flatMap((rooms, index) => rooms.map((room) => /** @type {const} */ ([room, index]))));
  const files = readdirSync(tree, { recursive: true, encoding: 'utf8' })
    .map((file) => file.replaceAll('\\', '/'))
    .filter((file) => /\.[jt]s$/.test(file));
  /** @type {string[]} */
  const found = [];
  /** @type {Set<string>} */
  const seen = new Set();
  for (const file of files) {
    const room = roomOf(file);
    const own = level.get(room);
    if (own === undefined) {
      found.push(`${file} is in no room of rooms.json`);
      continue;
    }
    seen.add(room);
    for (const target of imports(join(tree, file))) {
      const path = target.startsWith('.') ? relative(tree, join(tree, dirname(file), target)).replaceAll('\\', '/') : target;
      if (!target.startsWith('.') || path.startsWith('..')) {
        if (!outside[room]?.includes(path)) found.push(`${file} imports ${path}, which ${room} may not`);
        continue;
      }
      // Declarations name the JavaScript that is shipped beside them.
      const declared = path.replace(/\.js$/, '.d.ts');
      const to = roomOf(existsSync(join(tree, path)) ? path : declared);
      const below = level.get(to);
      if (to !== room && (below === undefined || below <= own)) found.push(`${file} imports ${path}: ${to} is not below ${room}`);
    }
  }
  for (const room of level.keys()) if (!seen.has(room)) found.push(`${room} of rooms.json does not exist`);
  return found;
}

/** @param {string} path below the tree */
function roomOf(path) {
  return path.split('/')[0] ?? path;
}

/** What a file imports or exports from, types too. @param {string} file */
function imports(file) {
  const source = readFileSync(file, 'utf8');
  const { module, errors } = parseSync(file, source);
  if (errors.length > 0) throw new Error(`${file}: ${errors[0]?.message}`);
  const dynamic = module.dynamicImports.flatMap(({ moduleRequest: { start, end } }) => {
    const target = source.slice(start, end);
    return /^'[^']*'$/.test(target) ? [target.slice(1, -1)] : [];
  });
  const exported = module.staticExports.flatMap(({ entries }) => entries.flatMap(({ moduleRequest }) => moduleRequest?.value ?? []));
  return [...module.staticImports.map(({ moduleRequest }) => moduleRequest.value), ...dynamic, ...exported];
}
