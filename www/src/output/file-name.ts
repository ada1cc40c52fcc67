/** A result's file name, size mark and format name. */
import type { Done } from '../batch/batch.ts';

/** @param of name of the original picture */
export function fileName(of: string, { blob, mark }: Done): string {
  return resultName(of, blob.type, mark);
}

/** `holiday.jpeg` becomes `holiday_x4.png`, depending on the result's media type and size mark. */
export function resultName(name: string, type = 'image/png', mark = 'x4'): string {
  const stem = name
    .replace(/\.[^.]{1,5}$/, '')
    .replace(/[/\\:*?"<>|\p{Cc}]/gu, '_')
    .trim();
  return fitted(stem || 'picture', `_${mark}.${type.slice('image/'.length).replace('jpeg', 'jpg')}`);
}

/** File systems allow 255 bytes or UTF-16 units, and browsers add a suffix while they write. */
const LONGEST_NAME = 240;

/** Bytes of UTF-8. */
function length(name: string): number {
  return new TextEncoder().encode(name).length;
}

/** Shortens the stem, between two letters with their accents, and keeps the ending. */
export function fitted(stem: string, ending: string): string {
  if (length(stem + ending) <= LONGEST_NAME) return stem + ending;
  let [kept, bytes] = ['', length(ending)];
  for (const letter of stem.match(/\P{M}\p{M}*|\p{M}+/gu) ?? []) {
    bytes += length(letter);
    if (bytes > LONGEST_NAME) break;
    kept += letter;
  }
  return kept.trimEnd() + ending;
}

/** `x2`, or `1920x1280` if the enlargement is not a whole number. */
export function sizeMark(scale: number | undefined, width: number, height: number): string {
  return Number.isInteger(scale) ? `x${scale}` : `${width}x${height}`;
}

/** `PNG`, `JPEG`, `WebP` */
export function formatName(type: string): string {
  return type === 'image/webp' ? 'WebP' : type.slice('image/'.length).toUpperCase();
}
