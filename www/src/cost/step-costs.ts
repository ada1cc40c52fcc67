/** The setting of the steps: what each choice changes, and its time for the picture on screen. */
import { elements } from '../elements.ts';
import { text } from '../i18n/text.ts';
import { estimate, type Wanted } from './estimate.ts';

const { settings, stepsAbout } = elements;

/** @param wanted null while there is no picture */
export function showStepCosts(wanted: Omit<Wanted, 'steps'> | null): void {
  const choices = [...settings.querySelectorAll<HTMLInputElement>('input[name=steps]')];
  for (const choice of choices) {
    const time = choice.parentElement!.querySelector('.step-time')!;
    const seconds = wanted && estimate({ ...wanted, steps: Number(choice.value) }).seconds;
    time.textContent = seconds ? text.stepTime(seconds) : '';
    if (choice.checked) stepsAbout.textContent = choice === choices[0] ? text.stepsFull : about(choice.value);
  }
}

function about(steps: string): string {
  return steps === '0' ? text.stepsNone : steps === '1' ? text.stepsOne : text.stepsQuick;
}
