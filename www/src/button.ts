/** Creates buttons; the others are in `index.html`. */

/** @param label for screen readers, if the words alone are not enough */
export function makeButton(words: string, className: string, run: () => void, label?: string): HTMLButtonElement {
  const button = document.createElement('button');
  button.type = 'button';
  button.className = className;
  button.textContent = words;
  if (label) button.setAttribute('aria-label', label);
  button.addEventListener('click', run);
  return button;
}
