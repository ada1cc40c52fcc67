/** The button that cancels the run in progress. */
import { elements } from '../elements.ts';
import { page } from '../screen/page.ts';
import { progress } from './run-picture.ts';

export function watchCancel(): void {
  elements.cancel.addEventListener('click', () => {
    progress.stopping();
    page.run?.abort();
  });
}
