/** Translates the engine's errors, which are in English, by their codes. */
import type { ErrorCode, ErrorSentences } from 'resshift-web';

export interface Fault {
  code: ErrorCode;
  /** What happened. */
  message: string;
  /** What the person can do. */
  advice: string;
}

/** @param sentences of the package; a code without any keeps the engine's own */
export function byCode(sentences: ErrorSentences): (fault: Fault) => Fault {
  const all = new Map(Object.entries(sentences));
  return ({ code, message, advice }) => {
    const told = all.get(code);
    return told ? { code, message: told[0], advice: told[1] } : { code, message, advice };
  };
}
