/** The switch that downloads the chosen model, so that page and model work offline, or deletes it. */
import { deleteModel, Upscaler, UpscalerError, type StoredModel } from 'resshift-web';
import { elements } from '../elements.ts';
import { text } from '../i18n/text.ts';
import { dismissStrip, showProblem } from '../notices/strips.ts';
import { within } from '../time-limit.ts';
import { BUILT_IN, PLACE } from './built-in.ts';

const { offlineSetting, offline, offlineAbout, model, announcer } = elements;

/** The download, while there is one. */
let coming: AbortController | null = null;

/** @param stored the models on this device */
export async function showOffline(stored: readonly StoredModel[]): Promise<void> {
  if (coming) return;
  const here = stored.find(({ name }) => name === model.value);
  const bytes = here?.bytes ?? BUILT_IN.find(({ name }) => name === model.value)?.bytes ?? 0;
  const worker = await registration();
  const page = await within(pageBytes()).catch(() => 0);
  if (coming) return;
  // Without a service worker, as in some private windows, the page needs the network.
  offlineSetting.hidden = offlineAbout.hidden = worker === undefined;
  offline.checked = here !== undefined && worker?.active != null;
  // A model that was made on this device can be deleted, but not downloaded again.
  const imported = here?.imported ?? false;
  offline.disabled = imported;
  offlineAbout.textContent = offline.checked ? text.onThisDevice(page, bytes, imported) : text.bringOffline(text.bytes(bytes));
  // At the first visit, the page's own files are still being downloaded.
  if (worker && !worker.active) void navigator.serviceWorker.ready.then(() => showOffline(stored));
}

/** @param changed called when models were added or deleted */
export function watchOffline(changed: () => Promise<void>): void {
  offline.addEventListener('change', async () => {
    await turn(offline.checked);
    await changed();
    announcer.textContent = offlineAbout.textContent;
  });
}

async function turn(on: boolean): Promise<void> {
  dismissStrip('offline');
  coming?.abort();
  try {
    if (on) await bring(model.value);
    else await deleteModel(model.value);
  } catch (error) {
    if (error instanceof UpscalerError && error.code === 'aborted') return;
    showProblem('offline', error);
  }
}

async function bring(name: string): Promise<void> {
  const mine = (coming = new AbortController());
  // Requested during the press, so that the browser can ask the person.
  void navigator.storage?.persist?.();
  try {
    await Upscaler.preload({
      ...PLACE,
      model: name,
      signal: mine.signal,
      onProgress: (progress) => (offlineAbout.textContent = text.loading(progress)),
    });
  } finally {
    if (coming === mine) coming = null;
  }
}

/** The service worker's registration; undefined if there is none or the browser does not answer. */
async function registration(): Promise<ServiceWorkerRegistration | undefined> {
  const told = navigator.serviceWorker?.getRegistration();
  return told && within(told).catch(() => undefined);
}

/** Size of the page's files in the service worker's caches. */
async function pageBytes(): Promise<number> {
  let bytes = 0;
  try {
    for (const name of (await caches.keys()).filter((key) => key.includes('precache'))) {
      const cache = await caches.open(name);
      for (const kept of await cache.matchAll()) bytes += (await kept.blob()).size;
    }
  } catch {
    // There are no caches on plain http, or if storage is blocked.
  }
  return bytes;
}
