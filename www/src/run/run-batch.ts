/** Upscales the waiting pictures of the queue one by one, until it is empty, paused or stopped. */
import { keeper, queue, type Done } from '../batch/batch.ts';
import type { Item } from '../batch/queue.ts';
import { elements } from '../elements.ts';
import { text } from '../i18n/text.ts';
import { refreshModels } from '../models/list.ts';
import { fail, hideError } from '../notices/error-card.ts';
import { isAboutPicture, toProblem, type Problem } from '../notices/problem.ts';
import { dismissStrip } from '../notices/strips.ts';
import { readPicture } from '../picture/picture.ts';
import { page } from '../screen/page.ts';
import { describeDevice } from '../screen/panel.ts';
import { compare, enter, nextTurn, rest, show, showDone, stage, turns } from '../screen/screen.ts';
import { readSettings, type Settings } from '../settings/settings.ts';
import { progress, runPicture } from './run-picture.ts';

const { upscale, save, cancel, retry } = elements;

export async function start(): Promise<void> {
  const settings = readSettings();
  if (page.run || !settings) return;
  const [only] = queue.items;
  if (only && queue.items.length === 1) queue.again(only.id);
  if (queue.paused) queue.pause(false);
  while (!page.run) {
    const item = queue.next();
    if (!item || !(await workOn(item, settings))) return;
  }
}

/** @returns whether the next picture may follow */
async function workOn(item: Item<Done>, settings: Settings): Promise<boolean> {
  const controller = new AbortController();
  page.run = controller;
  hideError();
  dismissStrip('intake');
  queue.begin(item.id);
  enter('working');
  progress.start();
  cancel.focus({ preventScroll: true });
  try {
    const source = item.id === queue.selected && page.picture ? page.picture : await readPicture(item.file, item.name);
    controller.signal.throwIfAborted();
    nextTurn();
    if (item.id === queue.selected) {
      stage.hideResult();
      compare.setActive(false);
      stage.paintOriginal();
    } else {
      show(item, source);
    }
    const done = await runPicture(source, item.id, settings, controller.signal);
    queue.finish(item.id, done);
    keeper.snapshots.drop(item.id);
    page.run = null;
    if (item.id === queue.selected) {
      const turn = turns;
      await showDone(source, done, () => turn === turns);
    }
    progress.finish(text.done(done.width, done.height));
    const another = queue.next() !== undefined;
    if (!another) {
      rest();
      handFocusTo(save.hidden ? upscale : save);
      stage.comeIntoView();
    }
    return another;
  } catch (error) {
    page.run = null;
    return recover(item, toProblem(error), controller.signal.aborted);
  } finally {
    page.run = null;
  }
}

/** After a run without a result. @returns whether the next picture may follow */
function recover(item: Item<Done>, problem: Problem, stopped: boolean): boolean {
  const removed = !queue.find(item.id);
  const cancelled = stopped || problem.code === 'aborted';
  const ownFault = queue.items.length > 1 && isAboutPicture(problem.code);
  if (cancelled) keeper.snapshots.drop(item.id);
  if (!cancelled && ownFault) queue.fail(item.id, problem.message);
  else queue.again(item.id);
  const shown = stage.restoreResult();
  stage.paintOriginal();
  rest();
  compare.setActive(shown && page.picture?.image != null);
  progress.finish(cancelled ? text.cancelled : '');
  describeDevice();
  // A damaged model has been deleted.
  void refreshModels();
  if (cancelled) {
    handFocusTo(upscale);
    return removed;
  }
  if (ownFault) return true;
  fail(problem, () => void start());
  handFocusTo(retry);
  return false;
}

/** Moves the focus here if it was on Cancel, which disappears. Elsewhere it stays. */
function handFocusTo(next: HTMLElement): void {
  const active = document.activeElement;
  if (active === cancel || active === document.body) next.focus({ preventScroll: true });
}
