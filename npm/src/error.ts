/** The one error class, and the failures that the page itself finds. Sentences as in `src/error.rs`. */

import type { ErrorCode } from './index.d.ts';
import type { Fault } from './protocol.ts';

export class UpscalerError extends Error {
  override readonly name: 'UpscalerError' | 'AbortError';
  readonly code: ErrorCode;
  readonly advice: string;

  constructor(fault: Fault) {
    super(fault.message);
    this.name = fault.code === 'aborted' ? 'AbortError' : 'UpscalerError';
    this.code = fault.code;
    this.advice = fault.advice;
  }
}

export const aborted = (): UpscalerError =>
  new UpscalerError({ code: 'aborted', message: 'Cancelled.', advice: 'Start again whenever you like.' });

export const disposed = (): UpscalerError =>
  new UpscalerError({ code: 'aborted', message: 'This upscaler has been disposed of.', advice: 'Create another one.' });

export const noInput = (): UpscalerError =>
  new UpscalerError({ code: 'no-input', message: 'There is no file to read.', advice: 'Choose a picture first.' });

export const badImage = (message: string, advice: string): UpscalerError =>
  new UpscalerError({ code: 'bad-image', message, advice });

export const badOption = (message: string): UpscalerError =>
  new UpscalerError({ code: 'bad-option', message, advice: 'Correct the option and start again.' });

export const broken = (message: string): UpscalerError =>
  new UpscalerError({
    code: 'internal',
    message: `Internal error: ${message}`,
    advice: "Please report this with the picture's size and the browser's name.",
  });

export const http = (url: string, status: number): Fault => ({
  code: 'http',
  message: `${url} could not be downloaded: the server answered ${status}.`,
  advice: "Check the model's address, or try again later.",
});

export const offline = (url: string): Fault => ({
  code: 'offline',
  message: `${url} could not be reached.`,
  advice: 'Connect to the network once; after the first download the model works offline.',
});
