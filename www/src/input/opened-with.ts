/** Pictures from the system: shared by another app, or opened with this one. */
import { collect, SHARED } from './share-store.ts';

interface LaunchQueue {
  setConsumer(consumer: (launch: { readonly files: readonly { getFile(): Promise<File> }[] }) => void): void;
}

export function watchOpenedWith(take: (files: File[]) => void): void {
  const { launchQueue } = globalThis as { launchQueue?: LaunchQueue };
  launchQueue?.setConsumer(({ files }) => {
    if (files.length === 0) return;
    void Promise.all(files.map((file) => file.getFile())).then(take, () => take([]));
  });

  const address = new URL(location.href);
  if (!address.searchParams.has(SHARED)) return;
  address.searchParams.delete(SHARED);
  history.replaceState(null, '', address);
  void collect().then(take);
}
