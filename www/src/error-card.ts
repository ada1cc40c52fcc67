/** One failure: what happened, what to do, its code, and ways on. */
import { elements } from './elements.ts';
import { openPicker } from './intake.ts';
import { pictureSize } from './page.ts';
import { isAboutGpu, isAboutMemory, isAboutPicture, type Problem } from './problem.ts';
import { chooseDevice } from './settings.ts';

const { errorCard, errorMessage, errorAdvice, errorCode, retry, useCpu, errorSmaller, chooseOther } = elements;

/** Tries once more what failed. */
let again: (() => void) | null = null;

retry.addEventListener('click', tryAgain);
useCpu.addEventListener('click', () => {
  chooseDevice('cpu');
  tryAgain();
});
chooseOther.addEventListener('click', openPicker);

/** `smaller.ts` offers the smaller copy. */
export function fail(problem: Problem, retry: () => void): void {
  again = retry;
  errorMessage.textContent = problem.message;
  errorAdvice.textContent = problem.advice;
  errorCode.textContent = problem.code;
  useCpu.hidden = !isAboutGpu(problem.code);
  // Where the browser cannot read the picture it cannot make a copy either.
  errorSmaller.hidden = !isAboutMemory(problem.code) || pictureSize() === null;
  chooseOther.hidden = !isAboutPicture(problem.code);
  errorCard.hidden = false;
}

export function hideError(): void {
  again = null;
  errorCard.hidden = true;
}

function tryAgain(): void {
  const wanted = again;
  hideError();
  wanted?.();
}
