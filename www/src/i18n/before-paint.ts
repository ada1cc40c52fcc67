/** Hides the English words of `index.html` from those who read another language, until theirs have come. */
import { preferred, tag } from './choice.ts';

const root = document.documentElement;
const language = preferred();
if (language !== 'en') {
  root.lang = tag(language);
  root.dataset['words'] = 'coming';
  // English is better than nothing, should they not come.
  setTimeout(() => delete root.dataset['words'], 3000);
}
