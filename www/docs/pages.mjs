// From Markdown to the pages of the documentation, in the order of their navigation.
import { mkdir, readFile, writeFile, cp } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Marked } from 'marked';
import { errorSections } from './errors.mjs';
import { reference } from './reference.mjs';

const here = fileURLToPath(new URL('.', import.meta.url));

/** File name and name in the navigation; `api` is generated, the others are `NAME.md` here. */
export const PAGES = /** @type {const} */ ([
  ['index', 'Quick start'],
  ['recipes', 'Recipes'],
  ['options', 'Options'],
  ['api', 'API reference'],
  ['errors', 'Errors'],
  ['models', 'Models and licences'],
  ['hosting', 'Hosting'],
  ['limits', 'Limits'],
  ['faq', 'Questions'],
]);

/** The policy of the page itself. */
const POLICY =
  "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; img-src 'self' blob: data:; connect-src 'self'; style-src 'self'; object-src 'none'; base-uri 'none'; form-action 'none'";

/** @param {string} text */
export const escapeHtml = (text) => text.replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);

/** @param {string} text of a heading, Markdown */
export const anchor = (text) =>
  text
    .toLowerCase()
    .replace(/[^a-z0-9 _-]/g, '')
    .trim()
    .replaceAll(' ', '-');

const markdown = new Marked({
  renderer: {
    heading({ tokens, depth, text }) {
      return `<h${depth} id="${anchor(text)}">${this.parser.parseInline(tokens)}</h${depth}>\n`;
    },
    // The word after the language says where the code belongs: a file name or an address.
    code({ text, lang = '' }) {
      const [language, ...name] = lang.split(' ');
      const caption = name.length > 0 && /[./]/.test(name[0] ?? '') ? `<figcaption>${escapeHtml(name.join(' '))}</figcaption>` : '';
      return `<figure>${caption}<pre tabindex="0"><code class="${language}">${escapeHtml(text)}</code></pre></figure>\n`;
    },
    // Links lead to Markdown in the sources, and to pages on the site.
    link({ href, tokens }) {
      return `<a href="${escapeHtml(href.replace(/^(\w+)\.md\b/, '$1.html'))}">${this.parser.parseInline(tokens)}</a>`;
    },
  },
});

/** @param {string} text @returns {string} HTML */
export const render = (text) => /** @type {string} */ (markdown.parse(text));

/** @param {string} text without blocks @returns {string} HTML */
export const renderLine = (text) => /** @type {string} */ (markdown.parseInline(text));

/**
 * Writes one HTML file per page, and their style.
 * @param {string} out folder
 */
export async function buildDocs(out) {
  await mkdir(out, { recursive: true });
  await cp(join(here, 'docs.css'), join(out, 'docs.css'));
  for (const [name, title] of PAGES) {
    const content = name === 'api' ? reference() : render(await source(name));
    await writeFile(join(out, `${name}.html`), page(name, title, content));
  }
}

/** @param {string} name @returns {Promise<string>} Markdown */
async function source(name) {
  const text = await readFile(join(here, `${name}.md`), 'utf8');
  return name === 'errors' ? `${text}\n${errorSections()}` : text;
}

/** @param {string} current @param {string} title @param {string} content HTML */
function page(current, title, content) {
  const parts = [...content.matchAll(/<h2 id="([^"]+)">(.*?)<\/h2>/g)].map(([, id, text]) => `<li><a href="#${id}">${text}</a></li>`);
  const links = PAGES.map(([name, text]) =>
    name === current
      ? `<li><a href="${name}.html" aria-current="page">${text}</a><ul>${parts.join('')}</ul></li>`
      : `<li><a href="${name}.html">${text}</a></li>`,
  );
  return `<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta http-equiv="Content-Security-Policy" content="${POLICY}">
  <meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover">
  <title>${title} – ResShift Web</title>
  <meta name="description" content="Documentation of ResShift Web, diffusion super-resolution in the browser: ${title}.">
  <meta name="color-scheme" content="light dark">
  <link rel="icon" href="../icons/icon.svg" type="image/svg+xml">
  <link rel="stylesheet" href="../style.css">
  <link rel="stylesheet" href="docs.css">
</head>
<body class="docs">
  <a class="skip" href="#content">Skip to the text</a>
  <header class="top">
    <img class="mark" src="../icons/icon.svg" width="28" height="28" alt="">
    <a class="brand" href="../">ResShift</a>
    <span class="section">Documentation</span>
  </header>
  <div class="shelf">
    <nav aria-label="Documentation"><ul>${links.join('\n')}</ul></nav>
    <main id="content">
${content.replace('</h1>', `</h1>\n<details><summary>On this page</summary><ul>${parts.join('')}</ul></details>`)}
    </main>
  </div>
</body>
</html>
`;
}
