/** Handles the files that come in (`sources.ts`): one picture goes on screen, several into the queue, weights to the import. */
import { queue } from '../batch/batch.ts';
import { elements } from '../elements.ts';
import { text } from '../i18n/text.ts';
import { openImport } from '../models/import-dialog.ts';
import { fail, hideError } from '../notices/error-card.ts';
import { noFile, toProblem, unreachable } from '../notices/problem.ts';
import { dismissStrip, showStrip } from '../notices/strips.ts';
import { readPicture } from '../picture/picture.ts';
import { page } from '../screen/page.ts';
import { nextTurn, select, show, turns } from '../screen/screen.ts';
import { openPicker, type Arrival, type Intake } from './sources.ts';

export const arrivals: Intake = {
  onArrival: (arrival) => void take(arrival),
  onWeights: (files) => {
    if (page.phase === 'working') showStrip('intake', () => text.busyModels);
    else openImport(files);
  },
  onNothing: () => {
    if (page.phase !== 'working') fail(noFile(), openPicker);
  },
  onUnreachable: (file, retry) => {
    if (page.phase !== 'working') fail(unreachable(file), retry);
  },
};

/** A single picture replaces the one before it. Several are queued. */
async function take({ files }: Arrival): Promise<void> {
  const [first] = files;
  if (!first) return;
  hideError();
  dismissStrip('intake');
  if (files.length > 1 || page.run || queue.items.length > 1) {
    if (!page.run && queue.items.length === 1) queue.clear();
    const [next] = queue.add(files);
    if (page.run) elements.announcer.textContent = text.queued(files.length);
    else if (next) await select(next.id);
    return;
  }
  const turn = nextTurn();
  try {
    const next = await readPicture(first.file, first.name);
    if (turn !== turns || page.run) return;
    queue.clear();
    const [item] = queue.add(files);
    if (item) show(item, next);
  } catch (error) {
    if (turn === turns) fail(toProblem(error), () => void take({ files }));
  }
}
