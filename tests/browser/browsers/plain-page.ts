/** A site whose page takes the package by a plain script. */
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const from = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

export interface Outcome {
  width: number;
  height: number;
  pixels: number[];
}

/** @returns its folder; the page leaves an `Outcome` in `globalThis.outcome` */
export function plainPage(name: string): string {
  const folder = join(from('../../../test-results'), name);
  mkdirSync(folder, { recursive: true });
  cpSync(from('../../../npm/dist'), join(folder, 'resshift'), { recursive: true });
  for (const script of ['plain.js', 'try.js']) cpSync(from(`../package/packages/${script}`), join(folder, script));
  const scripts = ['resshift/cdn/resshift.global.js', 'plain.js'].map((src) => `<script src="${src}"></script>`).join('');
  writeFileSync(
    join(folder, 'index.html'),
    `<!doctype html><html lang="en"><title>Plain</title><link rel="icon" href="data:,"><body>${scripts}`,
  );
  return folder;
}

/** Runs in the page. */
export const outcome = (): Promise<Outcome> => (globalThis as unknown as { outcome: Promise<Outcome> }).outcome;
