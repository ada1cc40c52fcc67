/** Size of a picture's result. No DOM. */
import limits from '../../../limits.json' with { type: 'json' };
import type { UpscaleOptions } from 'resshift-web';
import type { Size } from '../size.ts';

export const SCALE = limits.scale;

export type WantedSize = Pick<UpscaleOptions, 'scale' | 'width' | 'height'>;

/** The result's size; null for more than x4. */
export function resultSize(picture: Size, { scale, width, height }: WantedSize): Size | null {
  const part = (side: number, factor: number): number => Math.max(1, Math.round(side * factor));
  const full = { width: picture.width * SCALE, height: picture.height * SCALE };
  let found = full;
  if (scale !== undefined) found = { width: part(full.width, scale / SCALE), height: part(full.height, scale / SCALE) };
  else if (width !== undefined) found = { width, height: part(full.height, width / full.width) };
  else if (height !== undefined) found = { width: part(full.width, height / full.height), height };
  return found.width > full.width || found.height > full.height ? null : found;
}
