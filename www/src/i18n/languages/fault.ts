/** Failures of the engine, which speaks English, in another language: by their codes. */
import type { ErrorCode, ErrorSentences } from 'resshift-web';

export interface Fault {
  code: ErrorCode;
  /** What happened. */
  message: string;
  /** What the person can do. */
  advice: string;
}

/** @param sentences the package's; the engine's own stand in for a code that is not among them */
export function byCode(sentences: ErrorSentences): (fault: Fault) => Fault {
  const all = new Map(Object.entries(sentences));
  return ({ code, message, advice }) => {
    const told = all.get(code);
    return told ? { code, message: told[0], advice: told[1] } : { code, message, advice };
  };
}
