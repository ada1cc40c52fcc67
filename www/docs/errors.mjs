// The codes of all errors, and the page that explains them, from `errors.json`.
import entries from '../../errors.json' with { type: 'json' };

/**
 * @typedef {{ code: string, advice: string, command?: string, when?: string, do?: string }} Entry
 *   one entry of each code has `when` and `do`
 */

/** @returns {Map<string, Entry[]>} the engine's and the package's codes, in the order of the file */
export function errorCodes() {
  /** @type {Map<string, Entry[]>} */
  const codes = new Map();
  for (const entry of /** @type {Entry[]} */ (Object.values(entries))) codes.set(entry.code, [...(codes.get(entry.code) ?? []), entry]);
  return codes;
}

/**
 * @returns {string} Markdown: a section for each code
 * @throws if a code is not explained by exactly one of its entries
 */
export function errorSections() {
  return [...errorCodes()]
    .map(([code, all]) => {
      const [explained, ...more] = all.filter((entry) => entry.when !== undefined && entry.do !== undefined);
      if (!explained || more.length > 0)
        throw new Error(`errors.json explains ${code} ${more.length + (explained ? 1 : 0)} times instead of once`);
      const advice = [...new Set(all.map((entry) => `“${entry.advice}”`))].join(' or ');
      return `## ${code}\n\n${explained.when}\n\n**What to do:** ${explained.do}\n\n**Its advice:** ${advice}\n`;
    })
    .join('\n');
}
