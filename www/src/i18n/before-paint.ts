/** Hides the English words of `index.html` from readers of another language until theirs are loaded. */
import { preferred, tag } from './choice.ts';

const root = document.documentElement;
const language = preferred();
if (language !== 'en') {
  root.lang = tag(language);
  root.dataset['words'] = 'coming';
  // If they are not loaded, English is better than nothing.
  setTimeout(() => delete root.dataset['words'], 3000);
}
