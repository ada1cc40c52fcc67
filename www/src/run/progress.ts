/** The two progress bars, the time left, and the announcements for screen readers. */
import type { LoadProgress, RunProgress } from 'resshift-web';
import { elements } from '../elements.ts';
import { text } from '../i18n/text.ts';
import { Eta } from './eta.ts';
import { showProgressInTab, clearTab } from './tab-title.ts';

const { progress, loadText, loadBar, runText, runBar, eta, cancel, announcer } = elements;
/** Seconds. */
const now = (): number => performance.now() / 1000;
/** Progress is announced at these shares of the work. More often would interrupt the screen reader. */
const ANNOUNCED_SHARE = 0.25;

export class Progress {
  private estimate = new Eta();
  private announced = 0;
  /** Start of the run, in seconds on the clock; null once the estimate includes it. */
  private begun: number | null = null;
  /** Expected end of the run, in seconds on the clock; null while too little is known. */
  private end: number | null = null;
  private clock = 0;

  start(): void {
    this.announced = 0;
    this.end = null;
    clearInterval(this.clock);
    this.clock = window.setInterval(() => this.tellTimeLeft(), 1000);
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

  /** @param expected seconds of the run, if known @param cold whether it is the first run of an engine */
  loaded(expected: number | null, cold: boolean): void {
    this.estimate = new Eta(expected, cold);
    loadText.textContent = text.ready;
    loadBar.value = 1;
    runText.textContent = text.starting;
    runBar.removeAttribute('value');
    this.begun = now();
    this.expect(0);
  }

  run(report: RunProgress): void {
    runText.textContent = text.tileOf(report);
    runBar.value = report.fraction;
    showProgressInTab(report.fraction);
    const before = (report.step - 1) / report.steps;
    if (this.begun !== null && before > 0) {
      // A resumed run starts with a part of the work done.
      this.announced = before;
      this.estimate.begin(this.begun, before);
    }
    this.begun = null;
    this.expect(report.fraction);
    if (report.fraction - this.announced >= ANNOUNCED_SHARE && report.fraction < 1) {
      this.announced = report.fraction;
      announcer.textContent = `${text.percent(report.fraction)}. ${eta.textContent}`;
    }
  }

  private expect(fraction: number): void {
    const left = this.estimate.report(now(), fraction);
    this.end = left === null ? null : now() + left;
    this.tellTimeLeft();
  }

  stopping(): void {
    cancel.disabled = true;
    this.end = null;
    eta.textContent = text.stopping;
  }

  finish(announcement: string): void {
    clearInterval(this.clock);
    progress.hidden = true;
    clearTab();
    announcer.textContent = announcement;
  }

  /** Reports can be far apart, so the clock updates the time in between. */
  private tellTimeLeft(): void {
    if (this.end !== null) eta.textContent = text.timeLeft(this.end - now());
  }
}
