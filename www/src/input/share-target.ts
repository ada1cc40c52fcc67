/** Part of the service worker: takes the pictures that another app shares, without a server, and opens the page with them. */
import { SHARE_ADDRESS, SHARED, store } from './share-store.ts';

/** The parts of a service worker's world that are used; the page's own types do not know it. */
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
    // No room for the pictures: the page opens, and says that none came.
  }
  // 303: what follows is a GET, and loading the page again sends nothing twice.
  return Response.redirect(new URL(`./?${SHARED}`, registration.scope).href, 303);
}
