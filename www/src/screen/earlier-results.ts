/** Earlier results of one picture, by other models, steps or seeds, to compare with the last one. */
import type { Done } from '../batch/batch.ts';
import { elements } from '../elements.ts';
import { text } from '../i18n/text.ts';
import type { Compare } from '../viewer/compare.ts';
import type { Stage } from '../viewer/stage.ts';

/** Results that are kept of a picture, beside the last one. */
const MAX_EARLIER = 4;

const { compareWith, compareWithSetting, swap } = elements;

export class EarlierResults {
  private picture: Blob | null = null;
  private last: Done | null = null;
  /** Newest first. */
  private earlier: Done[] = [];
  /** The result that the last one is compared with; null for the original. */
  private chosen: Done | null = null;

  /** @param onSwap called with the result that becomes the last one */
  constructor(
    private readonly stage: Stage,
    private readonly compare: Compare,
    private readonly onSwap: (done: Done) => void,
  ) {
    swap.addEventListener('click', () => this.swap());
    compareWith.addEventListener('change', () => void this.choose(this.earlier[compareWith.selectedIndex - 1] ?? null));
  }

  /** Call when a result is on screen. @param picture the original; another one has its own results */
  async show(picture: Blob, done: Done): Promise<void> {
    if (picture !== this.picture) {
      this.earlier = [];
      this.chosen = null;
    } else if (this.last && this.last !== done) {
      this.earlier.unshift(this.last);
    }
    [this.picture, this.last] = [picture, done];
    // Equal settings give the same picture.
    this.earlier = this.earlier
      .filter((other) => other !== done && text.answer(other.outcome) !== text.answer(done.outcome))
      .slice(0, MAX_EARLIER);
    await this.choose(this.chosen && this.earlier.includes(this.chosen) ? this.chosen : null);
  }

  /** Shows the choice while a result on screen can be compared. */
  offer(possible: boolean): void {
    compareWithSetting.hidden = !possible || this.earlier.length === 0;
  }

  /** Writes the choice and the labels on both sides of the line, in the page's language. */
  relabel(): void {
    compareWith.replaceChildren(
      ...[text.before, ...this.earlier.map(({ outcome }) => text.answer(outcome))].map((words) => new Option(words)),
    );
    swap.hidden = !this.chosen;
    compareWith.selectedIndex = this.chosen ? this.earlier.indexOf(this.chosen) + 1 : 0;
    this.compare.label(this.chosen && this.last ? namesOf(this.chosen, this.last) : null);
  }

  /** Swaps the last result with the one that it is compared with, so that this can be saved or shared. */
  private swap(): void {
    const { chosen, last } = this;
    if (!chosen || !last) return;
    this.earlier = this.earlier.map((done) => (done === chosen ? last : done));
    [this.last, this.chosen] = [chosen, last];
    this.onSwap(chosen);
  }

  private async choose(other: Done | null): Promise<void> {
    this.chosen = other;
    this.relabel();
    const shown = await this.stage.showOther(other?.blob ?? null);
    if (shown || this.chosen !== other) return;
    this.chosen = null;
    this.relabel();
  }
}

/** Short names that distinguish two results: there is little room on the picture. */
function namesOf({ outcome: before }: Done, { outcome: after }: Done): [string, string] {
  if (before.model !== after.model) return [text.answer(before), text.answer(after)];
  return [text.stepsAndSeed(before.steps, before.seed), text.stepsAndSeed(after.steps, after.seed)];
}
