/** Checks options by name and kind: which names a call has, and what kind of value each takes. */

import { badOption, invalidOption, tag } from '../shared/error.ts';

const ASSETS = 'baseUrl engine worker signal onProgress ';
const PRELOAD = `${ASSETS}model modelUrl mirrors`;
const OF = {
  create: `${PRELOAD} device gpuDevice engines`,
  preload: PRELOAD,
  upscale:
    'steps seed temperature tile format canvas quality depth width height scale metadata signal onProgress onTile onPreview onSnapshot snapshotInterval resume',
  importModel: `${ASSETS}name config storage onLicence`,
  estimate: 'steps',
};

/** @throws UpscalerError `bad-option` */
export function check(call: keyof typeof OF, given: unknown): void {
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    throw invalidOption(`The options of ${call} must be an object`, given);
  const names = OF[call].split(' ');
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined) continue;
    if (!names.includes(name)) throw badOption(`There is no option \`${name}\`${hint(name, names)}`);
    if (/^on[A-Z]/.test(name) && typeof value !== 'function') throw invalidOption(`${name} must be a function`, value);
    if (name === 'signal' && tag(value) !== 'AbortSignal') throw invalidOption('signal must be an AbortSignal', value);
  }
}

function hint(name: string, names: string[]): string {
  const start = (word: string): string => word.slice(0, 3).toLowerCase();
  const nearest = names.find((other) => start(other) === start(name));
  if (nearest !== undefined) return `; did you mean \`${nearest}\`?`;
  const owner = Object.entries(OF).find(([, others]) => others.split(' ').includes(name))?.[0];
  return owner === undefined ? '.' : ` here; it is one of ${owner}.`;
}
