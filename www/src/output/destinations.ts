/** Saves one file, or several in a zip or a folder; copies to the clipboard; shares with another app. */
import { downloadZip } from 'client-zip';
import { fitsCanvas, toPng } from '../picture/canvas.ts';
import type { Size } from '../size.ts';
import { fitted } from './file-name.ts';

/** Milliseconds that a download's address stays valid, because the browser may still be reading it. */
const ADDRESS_LIFE = 60_000;

export function saveFile(blob: Blob, name: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), ADDRESS_LIFE);
}

/** Pictures are compressed already: the zip stores them as they are. */
export async function saveZip(files: readonly { name: string; blob: Blob }[], name: string): Promise<void> {
  const names = uniqueNames(files.map((file) => file.name));
  saveFile(await downloadZip(files.map(({ blob }, index) => ({ name: names[index]!, input: blob }))).blob(), name);
}

/**
 * `a.png, a.png` becomes `a.png, a (2).png`. Some file systems ignore case, and whether an accent is a character of its own (NFD) or
 * part of one (NFC).
 */
export function uniqueNames(names: readonly string[]): string[] {
  const taken = new Set<string>();
  const key = (name: string): string => name.normalize('NFC').toLowerCase();
  return names.map((name) => {
    const dot = name.lastIndexOf('.');
    const [stem, ending] = dot > 0 ? [name.slice(0, dot), name.slice(dot)] : [name, ''];
    let free = name;
    for (let count = 2; taken.has(key(free)); count++) free = fitted(stem, ` (${count})${ending}`);
    taken.add(key(free));
    return free;
  });
}

/** Chromium only, so far. */
type FolderPicker = (options: { mode: 'readwrite' }) => Promise<FileSystemDirectoryHandle>;

/** @returns false if the person chose no folder */
export async function saveIntoFolder(files: readonly { name: string; blob: Blob }[]): Promise<boolean> {
  const { showDirectoryPicker } = globalThis as unknown as { showDirectoryPicker: FolderPicker };
  let folder: FileSystemDirectoryHandle;
  try {
    folder = await showDirectoryPicker({ mode: 'readwrite' });
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') return false;
    throw error;
  }
  const names: string[] = [];
  for await (const name of folder.keys()) names.push(name);
  // Files that are already in the folder are not overwritten.
  const free = uniqueNames([...names, ...files.map(({ name }) => name)]).slice(names.length);
  for (const [index, { blob }] of files.entries()) {
    const writable = await (await folder.getFileHandle(free[index]!, { create: true })).createWritable();
    await writable.write(blob);
    await writable.close();
  }
  return true;
}

/** Clipboards take PNG only. Other formats are converted, if a canvas can hold them. */
export function canCopy({ type }: Blob, { width, height }: Size): boolean {
  if (!('ClipboardItem' in globalThis && 'write' in (navigator.clipboard ?? {}))) return false;
  return type === 'image/png' || fitsCanvas(width, height);
}

export async function copyPicture(blob: Blob): Promise<void> {
  await navigator.clipboard.write([
    new ClipboardItem({ 'image/png': blob.type === 'image/png' ? blob : createImageBitmap(blob).then(toPng) }),
  ]);
}

export function canShare(blob: Blob, name: string): boolean {
  return navigator.canShare?.({ files: [new File([blob], name, { type: blob.type })] }) ?? false;
}

export async function sharePicture(blob: Blob, name: string): Promise<void> {
  try {
    await navigator.share({ files: [new File([blob], name, { type: blob.type })] });
  } catch (error) {
    // The person closed the system's dialog.
    if (!(error instanceof DOMException && error.name === 'AbortError')) throw error;
  }
}
