/** Strips above the picture, for messages that do not stop the work. */
import type { UpscalerError } from 'resshift-web';
import { makeButton } from '../button.ts';
import { elements } from '../elements.ts';
import { text } from '../i18n/text.ts';
import { toProblem } from './problem.ts';

/** Returns a sentence, in the current language. */
type Words = () => string;

interface Strip {
  element: HTMLElement;
  /** Writes its words, in the page's language. */
  write: () => void;
}

const strips = new Map<string, Strip>();

/**
 * @param key a strip with the same key is replaced
 * @param actions shown as buttons before `Dismiss`
 */
export function showStrip(key: string, message: Words, ...actions: readonly { label: Words; run: () => void }[]): void {
  dismissStrip(key);
  const element = document.createElement('div');
  element.className = 'strip';
  element.dataset['key'] = key;
  element.setAttribute('role', 'status');
  const dismiss = { label: () => text.dismiss, run: () => dismissStrip(key) };
  const buttons = [...actions, dismiss].map(({ label, run }): [HTMLElement, Words] => [makeButton(label(), 'button small', run), label]);
  const parts: [HTMLElement, Words][] = [[document.createElement('p'), message], ...buttons];
  const write = () => parts.forEach(([part, words]) => (part.textContent = words()));
  write();
  element.append(...parts.map(([part]) => part));
  elements.strips.append(element);
  strips.set(key, { element, write });
}

export function dismissStrip(key: string): void {
  strips.get(key)?.element.remove();
  strips.delete(key);
}

/** Translates all strips into the page's language. */
export function rewriteStrips(): void {
  for (const { write } of strips.values()) write();
}

/** What happened and what to do about it. */
export function showProblem(key: string, error: unknown): void {
  showStrip(key, () => {
    const { message, advice } = toProblem(error);
    return `${message} ${advice}`;
  });
}

const shown = new Set<string>();

/** Shows each warning once, so that a dismissed one does not return with the next run. */
export function showWarnings(warnings: readonly UpscalerError[]): void {
  for (const warning of warnings) {
    if (shown.has(warning.message)) continue;
    shown.add(warning.message);
    showProblem(`warning-${warning.code}`, warning);
  }
}
