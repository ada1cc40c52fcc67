/** Keeps a person's settings between visits, in this browser. */
import { elements } from '../elements.ts';

const KEY = 'resshift settings';
const { settings, model, seed, device, format, quality, metadata, size, sizeValue, tile, temperature } = elements;
/** Settings whose choices never change. */
const choices = { device, format, metadata, size, tile, temperature };

/**
 * Restores the choices of the last visit that are still available, and remembers new ones.
 * @returns the name of the model, which becomes available once the stored models are known
 */
export function rememberSettings(): string | undefined {
  const { model: name, steps, seed: number, quality: percent, sizeValue: pixels, ...kept } = read();
  if (typeof steps === 'number') {
    const choice = [...settings.querySelectorAll<HTMLInputElement>('input[name=steps]')].find(({ value }) => value === String(steps));
    if (choice) choice.checked = true;
  }
  if (Number.isSafeInteger(number) && (number as number) >= 0) seed.value = String(number);
  if (Number.isInteger(percent) && (percent as number) >= 1 && (percent as number) <= 100) quality.value = String(percent);
  for (const [what, choice] of Object.entries(choices)) {
    if ([...choice.options].some(({ value }) => value === kept[what])) choice.value = kept[what] as string;
  }
  if (Number.isSafeInteger(pixels) && (pixels as number) > 0) sizeValue.value = String(pixels);
  else if (Number.isNaN(Number(size.value))) size.value = '4';
  settings.addEventListener('change', write);
  return typeof name === 'string' && name !== '' ? name : undefined;
}

function write(): void {
  if (!settings.checkValidity()) return;
  const chosen = {
    model: model.value,
    steps: Number(new FormData(settings).get('steps')),
    seed: seed.valueAsNumber,
    quality: quality.valueAsNumber,
    sizeValue: sizeValue.valueAsNumber,
    ...Object.fromEntries(Object.entries(choices).map(([what, { value }]) => [what, value])),
  };
  try {
    localStorage.setItem(KEY, JSON.stringify(chosen));
  } catch {
    // Storage is blocked or full: the settings apply to this visit.
  }
}

/** Stored values are checked, because another version or another program may have written them. */
function read(): Record<string, unknown> {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(KEY) ?? '{}');
    return typeof kept === 'object' && kept !== null ? { ...kept } : {};
  } catch {
    return {};
  }
}
