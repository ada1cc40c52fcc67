/** A lock between runs and the update to a new version of the page, across all tabs. */

import { within } from '../time-limit.ts';

const NAME = 'resshift run';

let end: (() => void) | null = null;

/** Holds the lock while this tab upscales a picture. */
export function holdRun(working: boolean): void {
  if (!working) {
    end?.();
    end = null;
  } else if (!end) {
    const over = new Promise<void>((resolve) => (end = resolve));
    // Plain http has neither locks nor updates.
    void navigator.locks?.request(NAME, { mode: 'shared' }, () => over);
  }
}

/** Calls `act` unless a tab is upscaling. @returns whether it did; false if the browser does not answer */
export async function unlessWorking(act: () => void): Promise<boolean> {
  let late = false;
  const asked = navigator.locks.request(NAME, { ifAvailable: true }, (lock) => {
    if (lock && !late) act();
    return lock !== null;
  });
  return within(asked).catch(() => {
    late = true;
    return false;
  });
}
