/** Keeps the screen on during a run: a phone that falls asleep stops computing. */
let wanted = false;
let lock: WakeLockSentinel | null = null;

export function stayAwake(awake: boolean): void {
  if (awake === wanted) return;
  wanted = awake;
  if (awake) void acquire();
  else void lock?.release();
}

async function acquire(): Promise<void> {
  try {
    lock = (await navigator.wakeLock?.request('screen')) ?? null;
    if (!wanted) await lock?.release();
  } catch {
    // Refused on a low battery, or in a hidden tab. The run continues as long as the system allows it.
  }
}

// The browser drops the lock whenever the page is hidden.
document.addEventListener('visibilitychange', () => {
  if (wanted && document.visibilityState === 'visible') void acquire();
});
