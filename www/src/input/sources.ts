/** The sources of pictures: file picker, drop, paste, samples, another app. */
import { elements } from '../elements.ts';
import { droppedFiles, looksLikePicture } from './folder.ts';
import { watchOpenedWith } from './opened-with.ts';

export interface Arrival {
  /** At least one, in the order of arrival. */
  files: readonly { file: Blob; name: string }[];
}

export interface Intake {
  onArrival: (arrival: Arrival) => void;
  /** Files of weights instead of pictures. */
  onWeights: (files: File[]) => void;
  /** What was dropped or pasted is not a file. */
  onNothing: () => void;
  /** A sample could not be fetched. */
  onUnreachable: (name: string, retry: () => void) => void;
}

const { choose, chooseFolder, paste, file, folder, samples, dropHint } = elements;

/** Counts arrivals, so that a sample that arrives after something newer is dropped. */
let turn = 0;

export function openPicker(): void {
  file.click();
}

export function watchIntake(intake: Intake): void {
  const take = (files: ArrayLike<File> | undefined | null) => {
    turn++;
    const all = Array.from(files ?? []);
    if (all.some(holdsWeights)) intake.onWeights(all);
    else if (all.length > 0) intake.onArrival({ files: all.map((one) => ({ file: one, name: one.name || 'picture' })) });
    else intake.onNothing();
  };

  choose.addEventListener('click', openPicker);
  file.addEventListener('change', () => {
    if (file.files?.length) take(file.files);
    // Allows choosing the same file twice in a row.
    file.value = '';
  });

  chooseFolder.hidden = !('webkitdirectory' in folder);
  chooseFolder.addEventListener('click', () => folder.click());
  folder.addEventListener('change', () => {
    take(Array.from(folder.files ?? []).filter(looksLikePicture));
    folder.value = '';
  });

  watchOpenedWith(take);
  watchDrop(take);
  watchPaste(take, intake);

  for (const button of samples) {
    const name = button.dataset['sample']?.split('/').pop() ?? '';
    button.addEventListener('click', () => void fetchSample(button.dataset['sample'] ?? '', name, intake));
  }
}

/** By name, because browsers have no media type for them. */
function holdsWeights({ name }: File): boolean {
  return /\.(pth|pt|ckpt|safetensors)$/i.test(name);
}

export async function fetchSample(path: string, name: string, intake: Intake): Promise<void> {
  const mine = ++turn;
  try {
    const response = await fetch(path);
    if (!response.ok) throw new Error(response.statusText);
    const file = await response.blob();
    if (mine === turn) intake.onArrival({ files: [{ file, name }] });
  } catch {
    if (mine === turn) intake.onUnreachable(name, () => void fetchSample(path, name, intake));
  }
}

function watchDrop(take: (files: File[]) => void): void {
  // Entering a child fires before leaving its parent, so counting tells when the pointer has left the window.
  let depth = 0;
  const hint = (shown: boolean) => {
    if (!shown) depth = 0;
    dropHint.hidden = !shown;
  };
  addEventListener('dragenter', (event) => {
    event.preventDefault();
    depth++;
    hint(true);
  });
  addEventListener('dragleave', () => {
    depth--;
    if (depth <= 0) hint(false);
  });
  addEventListener('dragover', (event) => event.preventDefault());
  addEventListener('drop', (event) => {
    event.preventDefault();
    hint(false);
    if (event.dataTransfer) void droppedFiles(event.dataTransfer).then(take, () => take([]));
    else take([]);
  });
}

function watchPaste(take: (files: ArrayLike<File> | undefined) => void, intake: Intake): void {
  addEventListener('paste', (event) => {
    const files = event.clipboardData?.files;
    // Text pasted into the seed field is not a picture.
    if (!files?.length && event.target instanceof HTMLInputElement) return;
    event.preventDefault();
    take(files);
  });

  // Not every browser lets a page read the clipboard after a click. The keyboard works everywhere.
  paste.hidden = !navigator.clipboard?.read;
  paste.addEventListener('click', async () => {
    try {
      for (const item of await navigator.clipboard.read()) {
        const type = item.types.find((name) => name.startsWith('image/'));
        if (type) {
          turn++;
          return intake.onArrival({ files: [{ file: await item.getType(type), name: 'pasted' }] });
        }
      }
      intake.onNothing();
    } catch {
      intake.onNothing();
    }
  });
}
