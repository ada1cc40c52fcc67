/** `holiday.jpeg` becomes `holiday_x4.png`, or what else the media type of the result says. */
export function resultName(name: string, type = 'image/png'): string {
  const stem = name.replace(/\.[^.]{1,5}$/, '').replace(/[/\\:*?"<>|\p{Cc}]/gu, '_').trim();
  return `${stem || 'picture'}_x4.${type.slice('image/'.length).replace('jpeg', 'jpg')}`;
}

/** `PNG`, `JPEG`, `WebP` */
export function formatName(type: string): string {
  return type === 'image/webp' ? 'WebP' : type.slice('image/'.length).toUpperCase();
}
