/** Replaces the picture on screen by a smaller copy if it is too large for this device or its memory. */
import { queue } from '../batch/batch.ts';
import { elements } from '../elements.ts';
import { fail, hideError } from '../notices/error-card.ts';
import { toProblem } from '../notices/problem.ts';
import { smallerCopy } from '../picture/picture.ts';
import { page, pictureSize } from '../screen/page.ts';
import { select } from '../screen/screen.ts';

export function watchSmaller(): void {
  elements.smaller.addEventListener('click', () => void useSmaller(page.capabilities?.maxPixels ?? 0));
  elements.errorSmaller.addEventListener('click', () => {
    const { width, height } = pictureSize() ?? { width: 0, height: 0 };
    hideError();
    void useSmaller(Math.floor((width * height) / 2));
  });
}

/** @param maxPixels of the copy */
async function useSmaller(maxPixels: number): Promise<void> {
  const { image } = page.picture ?? {};
  if (!image) return;
  const { selected } = queue;
  try {
    queue.replace(selected, await smallerCopy(image, maxPixels));
    await select(selected);
  } catch (error) {
    fail(toProblem(error), () => void useSmaller(maxPixels));
  }
}
