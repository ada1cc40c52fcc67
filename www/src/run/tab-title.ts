/** What the tab's title and the icon of the installed app tell of a run. */
import { text } from '../i18n/text.ts';

/** @param fraction 0 to 1 */
export function showProgressInTab(fraction: number): void {
  document.title = `${text.percent(fraction)} · ${text.title}`;
  // Whole per cents from 1 on: a badge of 0 is none.
  badge(Math.max(1, Math.floor(fraction * 100)));
}

export function clearTab(): void {
  document.title = text.title;
  badge(0);
}

function badge(count: number): void {
  // Few browsers have it, and those may refuse it to a page that is not installed: the title says the same.
  navigator.setAppBadge?.(count).catch(() => {});
}
