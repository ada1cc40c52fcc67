/** @param values what stands in its text for `{name}` */
export function fill(text: string, values: object): string {
  return text.replace(/{(\w+)}/g, (_, name: string) => String((values as Record<string, unknown>)[name]));
}
