/** Names of results: of the file, its size and its format. */
import type { Done } from '../batch/batch.ts';

/** @param of name of the picture that the result was made of */
export function fileName(of: string, { blob, mark }: Done): string {
  return resultName(of, blob.type, mark);
}

/** `holiday.jpeg` becomes `holiday_x4.png`, or what else the media type of the result and the mark of its size say. */
export function resultName(name: string, type = 'image/png', mark = 'x4'): string {
  const stem = name.replace(/\.[^.]{1,5}$/, '').replace(/[/\\:*?"<>|\p{Cc}]/gu, '_').trim();
  return `${stem || 'picture'}_${mark}.${type.slice('image/'.length).replace('jpeg', 'jpg')}`;
}

/** `x2`, or `1920x1280` where no whole enlargement was asked for. */
export function sizeMark(scale: number | undefined, width: number, height: number): string {
  return Number.isInteger(scale) ? `x${scale}` : `${width}x${height}`;
}

/** `PNG`, `JPEG`, `WebP` */
export function formatName(type: string): string {
  return type === 'image/webp' ? 'WebP' : type.slice('image/'.length).toUpperCase();
}
