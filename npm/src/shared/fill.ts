/** @param values replace `{name}` in the text */
export function fill(text: string, values: object): string {
  return text.replace(/{(\w+)}/g, (_, name: string) => String((values as Record<string, unknown>)[name]));
}
