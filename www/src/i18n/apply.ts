/** Loads the words of a language and applies them to the page. English is built in; every other language is a separate file. */
import { elements } from '../elements.ts';
import { isLanguage, LANGUAGES, preferred, remember, tag, type Language } from './choice.ts';
import { en, type Words } from './languages/en.ts';
import { speak, text } from './text.ts';

const load: Record<Language, () => Promise<Words>> = {
  en: async () => en,
  vi: async () => (await import('./languages/vi.ts')).vi,
  zh: async () => (await import('./languages/zh.ts')).zh,
  es: async () => (await import('./languages/es.ts')).es,
  ja: async () => (await import('./languages/ja.ts')).ja,
};

/** Fixed words, by their names in `index.html`. */
type Fixed = { [K in keyof Words]: Words[K] extends string ? K : never }[keyof Words];

/** The language that was requested last, and the one that the page shows. */
let latest: Language = 'en';
let spoken: Language = 'en';

async function change(language: Language): Promise<void> {
  latest = language;
  const words = await load[language]();
  if (latest !== language) return;
  spoken = language;
  speak(words);
  document.documentElement.lang = tag(language);
  elements.language.value = language;
  document.title = text.title;
  document.querySelector('meta[name=description]')?.setAttribute('content', text.description);
  const fixed = (name: string | undefined): string => text[name as Fixed];
  for (const element of document.querySelectorAll<HTMLElement>('[data-text]')) element.textContent = fixed(element.dataset['text']);
  for (const element of document.querySelectorAll<HTMLElement>('[data-label]'))
    element.setAttribute('aria-label', fixed(element.dataset['label']));
  for (const element of document.querySelectorAll<HTMLImageElement>('img[data-alt]')) element.alt = fixed(element.dataset['alt']);
}

/** @param changed writes the composed sentences again */
export async function useLanguage(changed: () => void): Promise<void> {
  const { language } = elements;
  language.replaceChildren(
    ...Object.entries(LANGUAGES).map(([value, name]) => {
      const option = new Option(name, value);
      option.lang = tag(value as Language);
      return option;
    }),
  );
  language.addEventListener('change', () => {
    if (!isLanguage(language.value)) return;
    const chosen = language.value;
    void change(chosen).then(
      () => {
        remember(chosen);
        changed();
      },
      () => (language.value = spoken),
    );
  });
  // Offline, and this language is not cached: the page stays in English.
  await change(preferred()).catch(() => change('en'));
  delete document.documentElement.dataset['words'];
}
