// The API reference, from the declarations that the package ships. A name without a description stops the build.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseSync } from 'vite';
import { escapeHtml, render, renderLine } from './pages.mjs';

/** What `resshift-web` and `resshift-web/element` export. */
const MODULES = [
  ['resshift-web', 'index.d.ts'],
  ['resshift-web/element', 'element.d.ts'],
];

/**
 * @typedef {{ name: string, signature: string, text: string }} Member
 * @typedef {{ name: string, kind: 'class' | 'function' | 'type', signature: string, text: string, members: Member[] }} Entry
 */

/** @returns {string} HTML */
export function reference() {
  const modules = MODULES.map(([name, file]) => ({ name, entries: declarations(/** @type {string} */ (file)) }));
  const known = modules.flatMap(({ entries }) => entries.map(({ name }) => name));
  const sections = modules.map(({ name, entries }) => {
    const kinds = /** @type {const} */ (['class', 'function', 'type']);
    const ordered = kinds.flatMap((kind) => entries.filter((entry) => entry.kind === kind));
    return `<p class="module">From <code>${name}</code>:</p>\n${ordered.map((entry) => section(entry, known)).join('\n')}`;
  });
  return render('# API reference\n\nGenerated from the declarations that come with the package.') + sections.join('\n');
}

/**
 * The exported declarations of one file, in its order.
 * @param {string} file below `npm/src/`
 * @returns {Entry[]}
 * @throws if one of them, or a member, has no description
 */
export function declarations(file) {
  const source = readFileSync(fileURLToPath(new URL(`../../npm/src/${file}`, import.meta.url)), 'utf8');
  const { program, comments, errors } = parseSync(file, source, { lang: 'dts' });
  if (errors.length > 0) throw new Error(`${file}: ${errors[0]?.message}`);

  /** The comment that ends right before a position. @param {number} start @param {string} name */
  const description = (start, name) => {
    const comment = comments.findLast(({ end }) => end <= start && source.slice(end, start).trim() === '');
    if (comment?.type !== 'Block' || !comment.value.startsWith('*')) throw new Error(`${file}: ${name} has no description`);
    return comment.value
      .slice(1)
      .replace(/^\s*\* ?/gm, '')
      .trim();
  };
  /** @param {{ start: number, end: number }} node */
  const code = ({ start, end }) =>
    source
      .slice(start, end)
      .replace(/;$/, '')
      .replace(/^export (declare )?/, '');
  /** @param {string} name @param {any} node @returns {Member[]} */
  const members = (name, node) =>
    (node?.body ?? [])
      .filter((/** @type {any} */ member) => member.accessibility !== 'private')
      .map((/** @type {any} */ member) => {
        const own = source.slice(member.key.start, member.key.end);
        return { name: own, signature: code(member), text: description(member.start, `${name}.${own}`) };
      });

  return program.body.flatMap((/** @type {any} */ node) => {
    if (node.type !== 'ExportNamedDeclaration') return [];
    const { declaration } = node;
    const name = declaration.id.name;
    const text = description(node.start, name);
    /** @type {Record<string, Entry['kind']>} */
    const kinds = {
      ClassDeclaration: 'class',
      TSDeclareFunction: 'function',
      TSInterfaceDeclaration: 'type',
      TSTypeAliasDeclaration: 'type',
    };
    const kind = kinds[declaration.type];
    if (!kind) throw new Error(`${file}: ${name} is of an unknown kind`);
    const body = typeof declaration.body === 'object' ? declaration.body : null;
    const signature = code(body ? { start: node.start, end: body.start } : node).trim();
    return [{ name, kind, signature, text, members: members(name, body) }];
  });
}

/** @param {Entry} entry @param {string[]} known names that have a section */
function section({ name, signature, text, members }, known) {
  const prose = (/** @type {string} */ words) =>
    renderLine(words.replace(/\{@link (\w+)\}/g, (_, target) => `[\`${target}\`](#${target.toLowerCase()})`));
  const code = (/** @type {string} */ words) =>
    escapeHtml(words).replace(/\b[A-Z]\w+\b/g, (word) =>
      word !== name && known.includes(word) ? `<a href="#${word.toLowerCase()}">${word}</a>` : word,
    );
  const list = members.map((member) => `<dt><code>${code(member.signature)}</code></dt><dd>${prose(member.text)}</dd>`).join('\n');
  return `<h2 id="${name.toLowerCase()}"><code>${name}</code></h2>
<p>${prose(text)}</p>
${/^\w+ \w+$/.test(signature) ? '' : `<pre tabindex="0"><code>${code(signature)}</code></pre>`}
${list && `<dl>${list}</dl>`}`;
}
