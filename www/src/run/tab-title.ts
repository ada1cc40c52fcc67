/** Shows a run's progress in the tab's title and on the icon of the installed app. */
import { text } from '../i18n/text.ts';

/** @param fraction 0 to 1 */
export function showProgressInTab(fraction: number): void {
  document.title = `${text.percent(fraction)} · ${text.title}`;
  // Whole per cent from 1, because a badge of 0 is not shown.
  badge(Math.max(1, Math.floor(fraction * 100)));
}

export function clearTab(): void {
  document.title = text.title;
  badge(0);
}

function badge(count: number): void {
  // Few browsers have it, and they may refuse it to a page that is not installed. The title shows the same.
  navigator.setAppBadge?.(count).catch(() => {});
}
