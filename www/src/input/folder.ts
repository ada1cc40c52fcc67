/** The pictures in folders that people drop or choose, at any depth. */

/** Files that look like pictures by type or name; decoding decides. */
export function looksLikePicture({ type, name }: File): boolean {
  return type.startsWith('image/') || /\.(png|jpe?g|webp|avif|gif|bmp|tiff?|heic|heif)$/i.test(name);
}

/** The dropped files, and files of dropped folders that look like pictures. Must be called while the event is handled. */
export async function droppedFiles(transfer: DataTransfer): Promise<File[]> {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.() ?? null);
  if (!entries.some((entry) => entry?.isDirectory)) return [...transfer.files];
  const found = await Promise.all(entries.map((entry) => (entry ? filesOf(entry) : [])));
  return found.flat();
}

export async function filesOf(entry: FileSystemEntry): Promise<File[]> {
  if (entry.isFile) {
    const file = await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject));
    return looksLikePicture(file) ? [file] : [];
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  const files: File[] = [];
  // A reader returns a hundred entries at a time.
  for (;;) {
    const part = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (part.length === 0) return files;
    for (const inner of part.sort((a, b) => a.name.localeCompare(b.name))) files.push(...(await filesOf(inner)));
  }
}
