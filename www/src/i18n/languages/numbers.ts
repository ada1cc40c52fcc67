/** Formats numbers for a language. */
export interface Numbers {
  /** No grouping: sizes in pixels, seeds, counts. */
  whole(value: number): string;
  decimal(value: number): string;
  /** At most one decimal: `2`, `1.5`. */
  short(value: number): string;
  /** `2.7 MB`, `348 MB`, `412 kB`, `1.5 GB`. */
  bytes(count: number): string;
  /** @param fraction 0 to 1 */
  percent(fraction: number): string;
  /** The form for a count, in languages with a plural. */
  plural(count: number, one: string, other: string): string;
}

export function numbers(locale: string): Numbers {
  const wholes = new Intl.NumberFormat(locale, { useGrouping: false, maximumFractionDigits: 0 });
  const decimals = new Intl.NumberFormat(locale, { minimumFractionDigits: 1, maximumFractionDigits: 1 });
  const shorts = new Intl.NumberFormat(locale, { maximumFractionDigits: 1 });
  const plurals = new Intl.PluralRules(locale);
  return {
    whole: (value) => wholes.format(value),
    decimal: (value) => decimals.format(value),
    short: (value) => shorts.format(value),
    bytes(count) {
      if (count < 1e6) return `${wholes.format(Math.ceil(count / 1e3))} kB`;
      // From 100 MB, decimals are not useful.
      if (count >= 99.95e6 && count < 999.5e6) return `${wholes.format(count / 1e6)} MB`;
      return count < 999.5e6 ? `${decimals.format(count / 1e6)} MB` : `${decimals.format(count / 1e9)} GB`;
    },
    percent: (fraction) => `${wholes.format(Math.floor(fraction * 100))} %`,
    plural: (count, one, other) => (plurals.select(count) === 'one' ? one : other),
  };
}
