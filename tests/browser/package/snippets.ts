/** The fenced code of everything that people copy from, and how each piece of it is tried. */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Marked, type Tokens } from 'marked';

export const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const SOURCES = [
  'README.md',
  'npm/README.md',
  ...readdirSync(`${ROOT}/www/docs`)
    .filter((name) => name.endsWith('.md'))
    .map((name) => `www/docs/${name}`),
];

/**
 * `script`: a module in a page. `markup`: in the body of a page. `headers`: of a server. `commands`: in a shell.
 * `recipe`: a file of a project, with its name.
 */
export type Kind = 'script' | 'markup' | 'headers' | 'commands' | 'recipe';

export interface Snippet {
  source: string;
  /** From 1, in its source. */
  number: number;
  kind: Kind;
  /** What follows the language: the name of a file, or the address that headers are for. */
  name: string;
  text: string;
}

/** @throws for code that nothing here knows how to run */
export function snippets(wanted?: Kind): Snippet[] {
  return SOURCES.flatMap((source) => {
    const fences = new Marked()
      .lexer(readFileSync(`${ROOT}/${source}`, 'utf8'))
      .filter((token): token is Tokens.Code => token.type === 'code');
    return fences.map(({ lang = '', text }, index): Snippet => {
      const [language = '', name = ''] = lang.split(' ');
      const kind = kindOf(language, name);
      if (kind === undefined) throw new Error(`${source}: nothing knows how to run the snippet ${index + 1} (${lang || 'no language'})`);
      return { source, number: index + 1, kind, name, text };
    });
  }).filter(({ kind }) => wanted === undefined || kind === wanted);
}

function kindOf(language: string, name: string): Kind | undefined {
  if (language === 'http') return 'headers';
  if (['html', 'js', 'jsx', 'vue', 'svelte'].includes(language) && /\.\w+$/.test(name)) return 'recipe';
  if (name !== '') return undefined;
  return ({ js: 'script', html: 'markup', sh: 'commands' } as const)[language];
}

export function title({ source, number, text }: Snippet): string {
  const telling = text.split('\n').filter((line) => !/^(import|const upscaler|\s*$)/.test(line));
  return `${source}, ${number}: ${(telling[0] ?? text).trim().slice(0, 60)}`;
}
