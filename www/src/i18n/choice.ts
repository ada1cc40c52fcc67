/** Chooses the page's language. Runs before the page is drawn, so that nothing visibly changes. */
export const LANGUAGES = { en: 'English', vi: 'Tiếng Việt', zh: '简体中文', es: 'Español', ja: '日本語' } as const;
export type Language = keyof typeof LANGUAGES;

const KEY = 'resshift language';

export function isLanguage(name: string | null | undefined): name is Language {
  return name != null && Object.hasOwn(LANGUAGES, name);
}

/** The language chosen in the page, or the first of the browser's that is available. */
export function preferred(): Language {
  let chosen: string | null = null;
  try {
    chosen = localStorage.getItem(KEY);
  } catch {
    // Storage is blocked: use the browser's languages.
  }
  if (isLanguage(chosen)) return chosen;
  return navigator.languages.map((tag) => tag.toLowerCase().split('-')[0]).find(isLanguage) ?? 'en';
}

export function remember(language: Language): void {
  try {
    localStorage.setItem(KEY, language);
  } catch {
    // Storage is blocked: the choice applies to this visit.
  }
}

/** The value of the `lang` attribute. */
export function tag(language: Language): string {
  return language === 'zh' ? 'zh-Hans' : language;
}
