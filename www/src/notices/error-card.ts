/** One failure: what happened, what to do, its code, and ways on. */
import { elements } from '../elements.ts';
import { chooseDevice } from '../settings/settings.ts';
import { isAboutGpu, isAboutMemory, isAboutPicture, type Problem } from './problem.ts';

const { errorCard, errorMessage, errorAdvice, errorCode, retry, useCpu, errorSmaller, chooseOther, file } = elements;

/** Tries once more what failed. */
let again: (() => void) | null = null;
/** A copy can be made of the picture on screen: not where the browser cannot read it. */
let canShrink = false;

retry.addEventListener('click', tryAgain);
useCpu.addEventListener('click', () => {
  chooseDevice('cpu');
  tryAgain();
});
chooseOther.addEventListener('click', () => file.click());

/** @param possible whether a smaller copy can be made of the picture that is now on screen */
export function allowSmaller(possible: boolean): void {
  canShrink = possible;
}

/** `input/smaller.ts` offers the smaller copy. */
export function fail(problem: Problem, retry: () => void): void {
  again = retry;
  errorMessage.textContent = problem.message;
  errorAdvice.textContent = problem.advice;
  errorCode.textContent = problem.code;
  useCpu.hidden = !isAboutGpu(problem.code);
  errorSmaller.hidden = !isAboutMemory(problem.code) || !canShrink;
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
