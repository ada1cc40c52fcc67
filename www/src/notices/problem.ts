/** What the error card and the warning strip show, whatever the failure came from. */
import { UpscalerError, type ErrorCode } from 'resshift-web';
import type { Fault } from '../i18n/languages/fault.ts';
import { text } from '../i18n/text.ts';

export type Problem = Fault;

/** A failure that the page itself found. */
export class PictureProblem extends Error {
  constructor(readonly problem: Problem) {
    super(problem.message);
  }
}

export function toProblem(error: unknown): Problem {
  if (error instanceof PictureProblem) return error.problem;
  if (error instanceof UpscalerError) return text.fault({ code: error.code, message: error.message, advice: error.advice });
  return {
    code: 'internal',
    message: text.unexpected(error instanceof Error ? error.message : String(error)),
    advice: text.report,
  };
}

/** The picture itself is at fault: another one is the way out. */
export function isAboutPicture(code: ErrorCode): boolean {
  return (
    code === 'no-input' ||
    code === 'not-an-image' ||
    code === 'bad-image' ||
    code === 'unsupported-image' ||
    code === 'image-too-large' ||
    isAboutMemory(code)
  );
}

/** A smaller picture would have done. */
export function isAboutMemory(code: ErrorCode): boolean {
  return code === 'out-of-memory';
}

/** The CPU would have done it. */
export function isAboutGpu(code: ErrorCode): boolean {
  return code === 'no-webgpu' || code === 'gpu';
}

export function noFile(): Problem {
  return { code: 'no-input', message: text.noFile, advice: text.saveFirst };
}

export function emptyFile(name: string): Problem {
  return { code: 'no-input', message: text.empty(name), advice: text.chooseAnother };
}

export function notAnImage(name: string): Problem {
  return { code: 'not-an-image', message: text.notAPicture(name), advice: text.chooseFormat };
}

export function otherSite(host: string): Problem {
  return { code: 'no-input', message: text.otherSite(host), advice: text.saveFirst };
}

export function unreachable(name: string): Problem {
  return { code: 'offline', message: text.unreachable(name), advice: text.connect };
}
