/** Files from the page to the device: one, or several in a zip. */
import { downloadZip } from 'client-zip';

/** A download needs its address for as long as the browser reads it. */
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

/** `a.png, a.png` becomes `a.png, a (2).png`; case does not tell files apart everywhere. */
export function uniqueNames(names: readonly string[]): string[] {
  const taken = new Set<string>();
  return names.map((name) => {
    const dot = name.lastIndexOf('.');
    const [stem, ending] = dot > 0 ? [name.slice(0, dot), name.slice(dot)] : [name, ''];
    let free = name;
    for (let count = 2; taken.has(free.toLowerCase()); count++) free = `${stem} (${count})${ending}`;
    taken.add(free.toLowerCase());
    return free;
  });
}
