// The codes of all errors, read from where they are raised, and put into the page that explains them.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** @param {string} path from the root of the project */
const read = (path) => readFileSync(fileURLToPath(new URL(`../../${path}`, import.meta.url)), 'utf8');

/** @returns {Map<string, Set<string>>} the engine's and the package's codes, with the advice that each can carry */
export function errorCodes() {
  /** @type {Map<string, Set<string>>} */
  const codes = new Map();
  const add = (/** @type {string} */ code, /** @type {string} */ advice) => codes.set(code, (codes.get(code) ?? new Set()).add(advice));

  const engine = read('src/error.rs');
  const [names = '', advice = ''] = engine.slice(engine.indexOf('fn code(')).split('fn advice(');
  for (const [, variant = '', code = ''] of names.matchAll(/Error::(\w+).*? => "([a-z-]+)"/g)) {
    const [, sentence] = new RegExp(`Error::${variant}\\b.*? => \\{?\\s*"(.*?)"`).exec(advice) ?? [];
    if (sentence === undefined) throw new Error(`src/error.rs gives no advice for ${variant}`);
    add(code, sentence);
  }
  for (const [, code = '', , sentence = ''] of read('npm/src/shared/error.ts').matchAll(/fault\('([a-z-]+)', .*, (['"])(.*?)\2(?:, \w+)*\);$/gm)) add(code, sentence);
  return codes;
}

/**
 * @param {string} text the page `errors.md`, with one heading of the second level per code
 * @returns {string} the same, with the advice below each heading
 * @throws if a code has no heading, or a heading no code, or one does not say what to do
 */
export function withAdvice(text) {
  const codes = errorCodes();
  const [opening = '', ...sections] = text.split(/^## /m);
  const told = sections.map((section) => {
    const [code = '', ...rest] = section.split('\n');
    const advice = codes.get(code);
    if (!advice) throw new Error(`errors.md explains ${code}, which is no error`);
    if (!section.includes('**What to do:**')) throw new Error(`errors.md does not say what to do about ${code}`);
    codes.delete(code);
    return [code, ...rest, `**Its advice:** ${[...advice].map((sentence) => `“${sentence}”`).join(' or ')}`, ''].join('\n');
  });
  if (codes.size > 0) throw new Error(`errors.md does not explain ${[...codes.keys()].join(', ')}`);
  return [opening, ...told].join('\n## ');
}
