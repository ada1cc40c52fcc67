/** Shows a picture of the queue, its result, and the state of the page around them. */
import { queue, type Done } from '../batch/batch.ts';
import type { Item } from '../batch/queue.ts';
import { elements } from '../elements.ts';
import { text } from '../i18n/text.ts';
import { allowSmaller, fail } from '../notices/error-card.ts';
import { toProblem } from '../notices/problem.ts';
import { showStrip } from '../notices/strips.ts';
import { holdRun } from '../offline/update-lock.ts';
import { canCopy, canShare } from '../output/destinations.ts';
import { fileName } from '../output/file-name.ts';
import { readPicture, type Picture } from '../picture/picture.ts';
import { lockSettings } from '../settings/settings.ts';
import { Compare } from '../viewer/compare.ts';
import { Stage } from '../viewer/stage.ts';
import { EarlierResults } from './earlier-results.ts';
import { page, type Phase } from './page.ts';
import { describeButton, describeCost, describePicture } from './panel.ts';
import { stayAwake } from './wake-lock.ts';

const { upscale, save, outcome, passOn, copy, share } = elements;

export const stage = new Stage();
export const compare = new Compare(stage);
export const earlierResults = new EarlierResults(stage, compare, (done) => {
  const turn = turns;
  queue.exchange(queue.selected, done);
  if (page.picture) void showDone(page.picture, done, () => turn === turns);
});

/** Counts requests: of two pictures that are read at the same time, the later one stays. */
export let turns = 0;

export function nextTurn(): number {
  return ++turns;
}

export function enter(next: Phase): void {
  page.phase = next;
  document.body.dataset['phase'] = next;
  describeButton();
  upscale.classList.toggle('primary', next !== 'done');
  save.hidden = outcome.hidden = passOn.hidden = next !== 'done';
  lockSettings(next === 'working');
  compare.labelOriginal(next === 'ready' && page.picture?.image != null);
  earlierResults.offer(next === 'done');
  describeCost();
  stayAwake(next === 'working');
  holdRun(next === 'working');
}

/** Without a run, the panel belongs to the picture on screen. */
export function rest(): void {
  enter(queue.items.length === 0 ? 'empty' : stage.address ? 'done' : 'ready');
}

/** Shows a picture of the queue, with its result if there is one. */
export async function select(id: number): Promise<void> {
  const turn = nextTurn();
  const item = queue.find(id);
  if (!item) return;
  try {
    const next = await readPicture(item.file, item.name);
    if (turn !== turns || !queue.find(id)) return;
    show(item, next);
    const result = queue.find(id)?.result;
    if (result) await showDone(next, result, () => turn === turns);
  } catch (error) {
    if (turn === turns && !page.run) fail(toProblem(error), () => void select(id));
  }
}

export function show(item: Item<Done>, next: Picture): void {
  page.picture = next;
  allowSmaller(next.image !== null);
  page.lastOutcome = null;
  queue.select(item.id);
  stage.show(next);
  compare.setActive(false);
  describePicture();
  enter(page.run ? 'working' : 'ready');
}

/** @param current whether the picture is still the one on screen */
export async function showDone(source: Picture, done: Done, current: () => boolean): Promise<void> {
  const shown = await stage.showResult(done.blob, done);
  if (!current()) return;
  save.href = stage.address ?? '';
  save.download = fileName(source.name, done);
  page.lastOutcome = done.outcome;
  copy.hidden = !canCopy(done.blob, done);
  share.hidden = !canShare(done.blob, save.download);
  describePicture();
  if (!shown) showStrip('intake', () => text.tooLargeToShow);
  await earlierResults.show(source.file, done);
  if (!current()) return;
  enter(page.run ? 'working' : 'done');
  compare.centre();
  compare.setActive(shown && source.image !== null);
}
