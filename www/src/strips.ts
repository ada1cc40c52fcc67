/** Strips above the picture: things to know that stop nothing. */
import { elements } from './elements.ts';
import type { Problem } from './problem.ts';
import { text } from './text.ts';

/**
 * @param key a strip with the same key is replaced
 * @param actions shown as buttons before `Dismiss`
 */
export function showStrip(key: string, message: string, ...actions: readonly { label: string; run: () => void }[]): void {
  dismissStrip(key);
  const strip = document.createElement('div');
  strip.className = 'strip';
  strip.dataset['key'] = key;
  strip.setAttribute('role', 'status');
  const words = document.createElement('p');
  words.textContent = message;
  strip.append(words);
  strip.append(...actions.map(({ label, run }) => button(label, run)));
  strip.append(button(text.dismiss, () => dismissStrip(key)));
  elements.strips.append(strip);
}

export function dismissStrip(key: string): void {
  for (const strip of elements.strips.querySelectorAll<HTMLElement>('.strip')) {
    if (strip.dataset['key'] === key) strip.remove();
  }
}

const told = new Set<string>();

/** Each warning once: a dismissed one does not come back with the next run. */
export function showWarnings(warnings: readonly Problem[]): void {
  for (const warning of warnings) {
    if (told.has(warning.message)) continue;
    told.add(warning.message);
    const { code, message, advice } = text.fault(warning);
    showStrip(`warning-${code}`, `${message} ${advice}`);
  }
}

function button(label: string, run: () => void): HTMLButtonElement {
  const element = document.createElement('button');
  element.type = 'button';
  element.className = 'button small';
  element.textContent = label;
  element.addEventListener('click', run);
  return element;
}
