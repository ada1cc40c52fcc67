/** Offers to continue the batch of an earlier visit (`batch/keeper.ts`). */
import { keeper, queue, type Done } from '../batch/batch.ts';
import type { Item } from '../batch/queue.ts';
import { text } from '../i18n/text.ts';
import { dismissStrip, showStrip } from '../notices/strips.ts';
import { page } from '../screen/page.ts';
import { select } from '../screen/screen.ts';

export async function offerKept(): Promise<void> {
  const left = await keeper.open();
  if (left.length === 0) return;
  const decide = (wanted: readonly Item<Done>[]) => {
    dismissStrip('kept');
    keeper.adopt(left);
    const [first] = wanted;
    if (!first) return keeper.sync(queue.worthKeeping, queue.items);
    queue.restore(wanted);
    if (!page.run) void select(first.id);
  };
  const [begun] = (await Promise.all(left.map(({ id }) => keeper.snapshots.find(id)))).filter((found) => found !== undefined);
  const words = () => [text.keptPictures(left.length), begun && text.goesOn(begun.step + 1, begun.steps)].filter(Boolean).join(' ');
  const goOn = { label: () => text.keptContinue, run: () => decide(left) };
  showStrip('kept', words, goOn, { label: () => text.keptDelete, run: () => decide([]) });
}
