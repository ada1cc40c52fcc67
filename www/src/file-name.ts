/** `holiday.jpeg` becomes `holiday_x4.png`. */
export function resultName(name: string): string {
  const stem = name.replace(/\.[^.]{1,5}$/, '').replace(/[/\\:*?"<>|\p{Cc}]/gu, '_').trim();
  return `${stem || 'picture'}_x4.png`;
}
