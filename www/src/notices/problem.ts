/** Errors in the form that the error card and the warning strip show. */
import { UpscalerError, type ErrorCode } from 'resshift-web';
import type { Fault } from '../i18n/languages/fault.ts';
import { text } from '../i18n/text.ts';

export type Problem = Fault;

/** An error that the page itself raises. */
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

/** Whether the picture itself is the problem, so that another one helps. */
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

/** Whether a smaller picture helps. */
export function isAboutMemory(code: ErrorCode): boolean {
  return code === 'out-of-memory';
}

/** Whether running on the CPU helps. */
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
