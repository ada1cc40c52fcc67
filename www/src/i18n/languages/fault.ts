/** Failures of the engine, which speaks English, in another language: by their codes. */
import type { ErrorCode } from 'resshift-web';

export interface Fault {
  code: ErrorCode;
  /** What happened. */
  message: string;
  /** What the person can do. */
  advice: string;
}

/** @param known message and advice of each code; the engine's own stand in for a code that is not among them */
export function byCode(known: Record<ErrorCode, readonly [message: string, advice: string]>): (fault: Fault) => Fault {
  const all = new Map(Object.entries(known));
  return ({ code, message, advice }) => {
    const told = all.get(code);
    return told ? { code, message: told[0], advice: told[1] } : { code, message, advice };
  };
}
