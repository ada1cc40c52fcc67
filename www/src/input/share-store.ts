/** Stores pictures that another app shares, between the service worker and the page. */

import { within } from '../time-limit.ts';

/** Path to which another app posts them, relative to the page. The manifest has the same. */
export const SHARE_ADDRESS = 'share';
/** Marks the page's address when pictures were shared. */
export const SHARED = 'shared';

const CACHE = 'resshift shared';
const key = (index: number): string => `shared/${index}`;
const NAME = 'x-name';

export async function store(files: readonly File[]): Promise<void> {
  await caches.delete(CACHE);
  const cache = await caches.open(CACHE);
  for (const [index, file] of files.entries()) {
    await cache.put(key(index), new Response(file, { headers: { 'content-type': file.type, [NAME]: encodeURIComponent(file.name) } }));
  }
}

/** Returns the pictures and deletes them, so that they are delivered once. */
export async function collect(): Promise<File[]> {
  const files: File[] = [];
  try {
    const cache = await within(caches.open(CACHE));
    for (;;) {
      const kept = await within(cache.match(key(files.length)));
      if (!kept) break;
      const blob = await kept.blob();
      files.push(new File([blob], decodeURIComponent(kept.headers.get(NAME) ?? ''), { type: blob.type }));
    }
    await within(caches.delete(CACHE));
  } catch {
    // Without a cache, nothing can have been shared.
  }
  return files;
}
