/** Part of the service worker: receives the pictures that another app shares, without a server, and opens the page with them. */
import { SHARE_ADDRESS, SHARED, store } from './share-store.ts';

/** The types of a service worker that are used here; the page's own types lack them. */
interface Fetching extends Event {
  readonly request: Request;
  respondWith(response: Promise<Response>): void;
}
declare const registration: { readonly scope: string };

addEventListener('fetch', (event) => {
  const { request } = event as Fetching;
  if (request.method !== 'POST' || request.url !== new URL(SHARE_ADDRESS, registration.scope).href) return;
  (event as Fetching).respondWith(receive(request));
});

async function receive(request: Request): Promise<Response> {
  try {
    const form = await request.formData();
    await store(form.getAll('pictures').filter((entry): entry is File => entry instanceof File));
  } catch {
    // No space for the pictures: the page opens and says that none arrived.
  }
  // 303 makes the browser follow with a GET, so that reloading the page sends nothing twice.
  return Response.redirect(new URL(`./?${SHARED}`, registration.scope).href, 303);
}
