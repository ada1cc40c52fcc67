/** The content type of a server's answer. */

/** Servers of single-page apps send their page if there is no file. */
export function isHtml(answer: Response): boolean {
  return contentType(answer) === 'text/html';
}

export function contentType({ headers }: Response): string {
  return (headers.get('content-type') ?? '').split(';', 1)[0]!.trim();
}
