/** The settings of a run, read from the form. */
import type { Device, UpscaleOptions } from 'resshift-web';
import { elements } from '../elements.ts';
import { wantedSize } from './size.ts';

export interface Settings {
  model: string;
  steps: number;
  seed: number;
  device: Device;
  /** The file of the result. */
  output: Pick<UpscaleOptions, 'format' | 'quality' | 'depth' | 'metadata' | 'scale' | 'width' | 'height'>;
  /** Other options of the run. */
  chain: Pick<UpscaleOptions, 'temperature' | 'tile'>;
}

const { settings, settingsFields, model, seed, device, format, quality, qualitySetting, metadata, tile, temperature } = elements;

/** The options for each choice of file format. */
const FILES: Record<string, { format: 'png' | 'jpeg' | 'webp'; depth?: 16; lossy?: true }> = {
  png: { format: 'png' },
  png16: { format: 'png', depth: 16 },
  jpeg: { format: 'jpeg', lossy: true },
  'webp-lossy': { format: 'webp', lossy: true },
  webp: { format: 'webp' },
};

/** Only lossy formats have a quality. */
export function showQuality(): void {
  const { lossy = false } = FILES[format.value] ?? {};
  qualitySetting.hidden = quality.disabled = !lossy;
}

format.addEventListener('change', showQuality);

/** Offers the chain that a model was trained for and shorter ones; and 0 steps if the model has a network for y0. */
export function offerSteps(trained: number, y0: boolean): void {
  const [full, ...shorter] = settings.querySelectorAll<HTMLInputElement>('input[name=steps]');
  if (!full) return;
  const caption = full.nextElementSibling?.firstChild;
  if (caption) caption.textContent = full.value = String(trained);
  for (const choice of shorter) {
    const offered = Number(choice.value) < trained && (y0 || choice.value !== '0');
    choice.parentElement!.hidden = !offered;
    if (choice.checked && !offered) full.checked = true;
  }
}

/** @returns null if a field is out of range; the browser then points at it */
export function readSettings(): Settings | null {
  if (!settings.reportValidity()) return null;
  const { format: kind = 'png', depth = 8, lossy } = FILES[format.value] ?? {};
  return {
    model: model.value,
    steps: wantedSteps(),
    seed: seed.valueAsNumber,
    device: wantedDevice(),
    output: {
      format: kind,
      depth,
      ...(lossy ? { quality: quality.valueAsNumber } : {}),
      metadata: metadata.value as 'keep' | 'strip',
      ...wantedSize(),
    },
    chain: {
      ...(temperature.value === 'auto' ? {} : { temperature: Number(temperature.value) }),
      tile: tile.value === 'auto' ? 'auto' : Number(tile.value),
    },
  };
}

export function wantedSteps(): number {
  return Number(new FormData(settings).get('steps'));
}

export function wantedDevice(): Device {
  return device.value as Device;
}

export function chooseDevice(value: Device): void {
  device.value = value;
  device.dispatchEvent(new Event('change'));
}

export function onDeviceChange(listener: () => void): void {
  device.addEventListener('change', listener);
}

/** Form data leave out a disabled group. So read the settings before locking them. */
export function lockSettings(locked: boolean): void {
  settingsFields.disabled = locked;
}
