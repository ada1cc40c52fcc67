/** The error card: what happened, what to do, the code, and buttons that help. */
import { elements } from '../elements.ts';
import { chooseDevice } from '../settings/settings.ts';
import { isAboutGpu, isAboutMemory, isAboutPicture, type Problem } from './problem.ts';

const { errorCard, errorMessage, errorAdvice, errorCode, retry, useCpu, errorSmaller, chooseOther, file } = elements;

/** Repeats what failed. */
let again: (() => void) | null = null;
/** Whether a smaller copy of the picture on screen can be made; the browser must be able to read it. */
let canShrink = false;

retry.addEventListener('click', tryAgain);
useCpu.addEventListener('click', () => {
  chooseDevice('cpu');
  tryAgain();
});
chooseOther.addEventListener('click', () => file.click());

/** @param possible whether a smaller copy of the picture on screen can be made */
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
