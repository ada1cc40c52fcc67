/** Buttons that the program makes; the others are in `index.html`. */

/** @param label for screen readers, where the words alone do not say it */
export function makeButton(words: string, className: string, run: () => void, label?: string): HTMLButtonElement {
  const button = document.createElement('button');
  button.type = 'button';
  button.className = className;
  button.textContent = words;
  if (label) button.setAttribute('aria-label', label);
  button.addEventListener('click', run);
  return button;
}
