/** What the error card and the warning strip show, whatever the failure came from. */
import { UpscalerError, type ErrorCode } from 'resshift-web';

export interface Problem {
  code: ErrorCode;
  /** What happened. */
  message: string;
  /** What the person can do. */
  advice: string;
}

export function toProblem(error: unknown): Problem {
  if (error instanceof UpscalerError) return { code: error.code, message: error.message, advice: error.advice };
  return {
    code: 'internal',
    message: `Something unexpected went wrong: ${error instanceof Error ? error.message : String(error)}`,
    advice: 'Load the page again. If it stays, please report it with the name of your browser.',
  };
}

/** The picture itself is at fault: another one is the way out. */
export function isAboutPicture(code: ErrorCode): boolean {
  return code === 'no-input' || code === 'not-an-image' || code === 'bad-image' || code === 'image-too-large';
}

/** The CPU would have done it. */
export function isAboutGpu(code: ErrorCode): boolean {
  return code === 'no-webgpu' || code === 'gpu';
}

export const noFile: Problem = {
  code: 'no-input',
  message: 'There is no file in what was dropped or pasted.',
  advice: 'Save the picture to this device first, then choose or drop the file.',
};

export function emptyFile(name: string): Problem {
  return { code: 'no-input', message: `${name} is empty.`, advice: 'Choose another picture.' };
}

export function notAnImage(name: string): Problem {
  return {
    code: 'not-an-image',
    message: `${name} is not a picture that can be read here.`,
    advice: 'Choose a PNG, JPEG, WebP, GIF, BMP or TIFF file.',
  };
}

export function unreachable(name: string): Problem {
  return {
    code: 'offline',
    message: `${name} could not be loaded.`,
    advice: 'Connect to the network, or choose a picture from this device.',
  };
}
