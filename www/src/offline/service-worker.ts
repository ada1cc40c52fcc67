/** Registers the service worker, which keeps the page for offline use; `www/build.mjs` generates it. A new version is used only when the person agrees, and never during a run. */
import { text } from '../i18n/text.ts';
import { showStrip } from '../notices/strips.ts';
import { unlessWorking } from './update-lock.ts';

export async function keepOffline(): Promise<void> {
  if (!('serviceWorker' in navigator)) return;
  let agreed = false;
  const controlledBefore = navigator.serviceWorker.controller !== null;
  navigator.serviceWorker.addEventListener('controllerchange', () => {
    if (agreed) location.reload();
    else if (controlledBefore) showStrip('update', () => text.updatedElsewhere, { label: () => text.reload, run: () => location.reload() });
  });

  const offer = (waiting: ServiceWorker, sentence = () => text.updateReady) => {
    const change = () => {
      agreed = true;
      waiting.postMessage({ type: 'SKIP_WAITING' });
    };
    showStrip('update', sentence, {
      label: () => text.updateNow,
      run: () => void unlessWorking(change).then((changed) => changed || offer(waiting, () => text.updateAfterRun)),
    });
  };

  try {
    const registration = await navigator.serviceWorker.register('sw.js');
    if (registration.waiting && registration.active) offer(registration.waiting);
    registration.addEventListener('updatefound', () => {
      const coming = registration.installing;
      coming?.addEventListener('statechange', () => {
        if (coming.state === 'installed' && registration.active) offer(coming);
      });
    });
  } catch {
    // Private windows and plain http may refuse it. The page then works, but needs the network.
  }
}
