// Checks that imports between the rooms of a source tree (its folders and loose files) point downwards, as its `rooms.json`
// says: `order` from top to bottom, rooms of one line apart from each other; `outside` what a room may import from elsewhere.
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { parseSync } from 'vite';

/** More files than this in a room hide what each is for. */
const MOST_FILES = 20;

/**
 * @param {string} tree folder with a `rooms.json`
 * @returns {string[]} one sentence for each fault; empty if there is none
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
  /** @type {Map<string, number>} */
  const sizes = new Map();
  for (const file of files) {
    const room = roomOf(file);
    const own = level.get(room);
    if (own === undefined) {
      found.push(`${file} is in no room of rooms.json`);
      continue;
    }
    sizes.set(room, (sizes.get(room) ?? 0) + 1);
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
  for (const [room, count] of sizes) if (count > MOST_FILES) found.push(`${room} has ${count} files; split it`);
  for (const room of level.keys()) if (!sizes.has(room)) found.push(`${room} of rooms.json is not there`);
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
