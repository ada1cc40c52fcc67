/** Saves one or all results, and copies or shares the one on screen. */
import { queue } from '../batch/batch.ts';
import { elements } from '../elements.ts';
import { text } from '../i18n/text.ts';
import { fail } from '../notices/error-card.ts';
import { toProblem } from '../notices/problem.ts';
import { copyPicture, saveFile, saveIntoFolder, saveZip, sharePicture } from './destinations.ts';
import { fileName } from './file-name.ts';

const { save, copy, share, announcer } = elements;

/** Updates the buttons of the result on screen. `save` is a link to its file. */
export function watchResult(): void {
  save.addEventListener('click', () => queue.save(queue.selected));
  copy.addEventListener(
    'click',
    () =>
      void passOn(async (blob) => {
        await copyPicture(blob);
        announcer.textContent = text.copied;
      }),
  );
  share.addEventListener('click', () => void passOn(sharePicture));
}

async function passOn(way: (blob: Blob, name: string) => Promise<void>): Promise<void> {
  const item = queue.find(queue.selected);
  if (!item?.result) return;
  try {
    await way(item.result.blob, fileName(item.name, item.result));
  } catch (error) {
    fail(toProblem(error), () => void passOn(way));
  }
}

export function saveOne(id: number): void {
  const item = queue.find(id);
  if (!item?.result) return;
  saveFile(item.result.blob, fileName(item.name, item.result));
  queue.save(id);
}

export function saveAllAsZip(): void {
  void saveAll(async (files) => {
    await saveZip(files, 'resshift.zip');
    return true;
  });
}

export function saveAllIntoFolder(): void {
  void saveAll(async (files) => {
    const saved = await saveIntoFolder(files);
    if (saved) announcer.textContent = text.savedInto(files.length);
    return saved;
  });
}

/** @param way saves the files and returns whether it did */
async function saveAll(way: (files: { name: string; blob: Blob }[]) => Promise<boolean>): Promise<void> {
  const done = queue.items.filter(({ result }) => result !== null);
  try {
    const saved = await way(done.map(({ name, result }) => ({ name: fileName(name, result!), blob: result!.blob })));
    if (saved) for (const { id } of done) queue.save(id);
  } catch (error) {
    fail(toProblem(error), () => void saveAll(way));
  }
}
