/** The two progress lines, the estimate, the tab's title, and what a screen reader hears of it. */
import type { LoadProgress, RunProgress } from 'resshift-web';
import { elements } from './elements.ts';
import { Eta } from './eta.ts';
import * as text from './text.ts';

const { progress, loadText, loadBar, runText, runBar, eta, cancel, announcer } = elements;
const PAGE_TITLE = document.title;
/** Announced at each of these shares of the work; more often would only talk over the reader. */
const ANNOUNCED_SHARE = 0.25;

export class Progress {
  private estimate = new Eta();
  private announced = 0;

  start(): void {
    this.estimate = new Eta();
    this.announced = 0;
    progress.hidden = false;
    loadText.textContent = text.starting;
    runText.textContent = text.waiting;
    eta.textContent = '';
    loadBar.removeAttribute('value');
    runBar.value = 0;
    cancel.disabled = false;
  }

  load(report: LoadProgress): void {
    loadText.textContent = text.loading(report);
    if (report.phase === 'ready') loadBar.value = 1;
    else if (report.total > 0) loadBar.value = report.loaded / report.total;
    else loadBar.removeAttribute('value');
  }

  loaded(): void {
    loadText.textContent = text.modelReady;
    loadBar.value = 1;
    runText.textContent = text.starting;
    runBar.removeAttribute('value');
  }

  run(report: RunProgress): void {
    runText.textContent = text.running(report);
    runBar.value = report.fraction;
    document.title = `${text.percent(report.fraction)} · ${PAGE_TITLE}`;
    const left = this.estimate.report(performance.now() / 1000, report.fraction);
    eta.textContent = left === null ? '' : text.timeLeft(left);
    if (report.fraction - this.announced >= ANNOUNCED_SHARE && report.fraction < 1) {
      this.announced = report.fraction;
      announcer.textContent = `${text.percent(report.fraction)}. ${eta.textContent}`;
    }
  }

  stopping(): void {
    cancel.disabled = true;
    eta.textContent = text.stopping;
  }

  end(announcement: string): void {
    progress.hidden = true;
    document.title = PAGE_TITLE;
    announcer.textContent = announcement;
  }
}
