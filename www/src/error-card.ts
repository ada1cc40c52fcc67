/** One failure: what happened, what to do, its code, and ways on. */
import { elements } from './elements.ts';
import { isAboutGpu, isAboutMemory, isAboutPicture, type Problem } from './problem.ts';

const { errorCard, errorMessage, errorAdvice, errorCode, retry, useCpu, errorSmaller, chooseOther } = elements;

export interface WaysOn {
  retry: () => void;
  useCpu: () => void;
  /** Null where the browser cannot make a copy. */
  useSmaller: (() => void) | null;
  chooseOther: () => void;
}

let ways: WaysOn | null = null;
retry.addEventListener('click', () => ways?.retry());
useCpu.addEventListener('click', () => ways?.useCpu());
errorSmaller.addEventListener('click', () => ways?.useSmaller?.());
chooseOther.addEventListener('click', () => ways?.chooseOther());

export function showError(problem: Problem, next: WaysOn): void {
  ways = next;
  errorMessage.textContent = problem.message;
  errorAdvice.textContent = problem.advice;
  errorCode.textContent = problem.code;
  useCpu.hidden = !isAboutGpu(problem.code);
  errorSmaller.hidden = !(isAboutMemory(problem.code) && next.useSmaller);
  chooseOther.hidden = !isAboutPicture(problem.code);
  errorCard.hidden = false;
}

export function hideError(): void {
  ways = null;
  errorCard.hidden = true;
}
