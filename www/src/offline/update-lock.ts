/** Runs, and the change to a new version of the page, keep out of each other's way in all tabs. */

import { within } from '../time-limit.ts';

const NAME = 'resshift run';

let end: (() => void) | null = null;

/** Tells the other tabs whether this one works on a picture. */
export function holdRun(working: boolean): void {
  if (!working) {
    end?.();
    end = null;
  } else if (!end) {
    const over = new Promise<void>((resolve) => (end = resolve));
    // Plain http has neither locks nor new versions.
    void navigator.locks?.request(NAME, { mode: 'shared' }, () => over);
  }
}

/** Calls `act` unless a tab works. @returns whether it did; not where the browser does not answer */
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
