/** What kind of file a server has answered with. */

/** Servers of single-page apps answer with their page where there is no file. */
export function isHtml(answer: Response): boolean {
  return contentType(answer) === 'text/html';
}

export function contentType({ headers }: Response): string {
  return (headers.get('content-type') ?? '').split(';', 1)[0]!.trim();
}
