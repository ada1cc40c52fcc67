/** One failure: what happened, what to do, its code, and ways on. */
import { elements } from './elements.ts';
import { isAboutGpu, isAboutPicture, type Problem } from './problem.ts';

const { errorCard, errorMessage, errorAdvice, errorCode, retry, useCpu, chooseOther } = elements;

export interface WaysOn {
  retry: () => void;
  useCpu: () => void;
  chooseOther: () => void;
}

let ways: WaysOn | null = null;
retry.addEventListener('click', () => ways?.retry());
useCpu.addEventListener('click', () => ways?.useCpu());
chooseOther.addEventListener('click', () => ways?.chooseOther());

export function showError(problem: Problem, next: WaysOn): void {
  ways = next;
  errorMessage.textContent = problem.message;
  errorAdvice.textContent = problem.advice;
  errorCode.textContent = problem.code;
  useCpu.hidden = !isAboutGpu(problem.code);
  chooseOther.hidden = !isAboutPicture(problem.code);
  errorCard.hidden = false;
}

export function hideError(): void {
  ways = null;
  errorCard.hidden = true;
}
