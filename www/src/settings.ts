/** The settings row. */
import type { Device } from 'resshift-web';
import { elements } from './elements.ts';

export interface Settings {
  steps: number;
  seed: number;
  device: Device;
}

const { settings, settingsFields, seed, device } = elements;

/** @returns null, after the browser has pointed at the field, if one is out of range */
export function readSettings(): Settings | null {
  if (!settings.reportValidity()) return null;
  return {
    steps: Number(new FormData(settings).get('steps')),
    seed: seed.valueAsNumber,
    device: wantedDevice(),
  };
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

/** A disabled group is left out of the form's data: read the settings before a run, lock them after. */
export function lockSettings(locked: boolean): void {
  settingsFields.disabled = locked;
}
