/** The one error class, and the failures found outside the engine; `src/error.rs` has the others. */

import type { ErrorCode } from '../index.d.ts';
import type { Fault } from './protocol.ts';

export class UpscalerError extends Error {
  override readonly name: 'UpscalerError' | 'AbortError' | 'TimeoutError' = 'UpscalerError';
  readonly code: ErrorCode;
  readonly advice: string;
  declare readonly cause: { code: ErrorCode; advice: string };
  readonly reason: unknown;
  /** Of the file that did not come. */
  readonly url: string | undefined;

  /** @param reason of the signal that ended the call */
  constructor({ code, message, advice, url }: Fault, reason?: unknown) {
    // A structured clone of an error keeps its cause, but not its other fields.
    super(message, { cause: { code, advice } });
    if (code === 'aborted') this.name = (reason as Error | undefined)?.name === 'TimeoutError' ? 'TimeoutError' : 'AbortError';
    this.code = code;
    this.advice = advice;
    this.reason = reason;
    this.url = url;
  }

  toJSON(): Fault & { name: string } {
    const { name, code, message, advice } = this;
    return { name, code, message, advice };
  }
}

export const aborted = (reason?: unknown): UpscalerError =>
  new UpscalerError({ code: 'aborted', message: 'Cancelled.', advice: 'Start again whenever you like.' }, reason);

export const noBrowser = (): UpscalerError =>
  new UpscalerError({
    code: 'no-browser',
    message: 'There are no web workers here: this package needs a browser.',
    advice: 'Call it in the browser. Importing it on a server is fine.',
  });

export const disposed = (): UpscalerError =>
  new UpscalerError({ code: 'disposed', message: 'This upscaler was disposed of before the call.', advice: 'Create another one.' });

export const noInput = (): UpscalerError =>
  new UpscalerError({ code: 'no-input', message: 'There is no file to read.', advice: 'Choose a picture first.' });

export const barePixels = (): UpscalerError =>
  new UpscalerError({
    code: 'no-input',
    message: 'Pixels alone are not taken: a Uint8ClampedArray does not say what it is.',
    advice: 'Pass new ImageData(pixels, width, height).',
  });

export const otherSite = (host: string): UpscalerError =>
  new UpscalerError({
    code: 'no-input',
    message: `The picture is on another site (${host}), and only those of this site are fetched.`,
    advice: 'Fetch the picture yourself, and pass the Blob.',
  });

export const unreachable = (url: string): UpscalerError =>
  new UpscalerError({ code: 'offline', message: `${url} could not be reached.`, advice: "Check the picture's address and the connection." });

export const badImage = (message: string, advice: string): UpscalerError =>
  new UpscalerError({ code: 'bad-image', message, advice });

export const badOption = (message: string): UpscalerError =>
  new UpscalerError({ code: 'bad-option', message, advice: 'Correct the option and start again.' });

/** @param given what stands in its place, for whoever looks for the mistake */
export const wrong = (message: string, given: unknown): UpscalerError => badOption(`${message}; ${shown(given)} was given.`);

function shown(given: unknown): string {
  if (typeof given === 'string') return JSON.stringify(given.length > 40 ? `${given.slice(0, 40)}…` : given);
  if (typeof given === 'function') return 'a function';
  return Object(given) === given ? Object.prototype.toString.call(given) : String(given);
}

export const deviceLost = (): UpscalerError =>
  new UpscalerError({
    code: 'gpu',
    message: 'The GPUDevice given as gpuDevice was lost.',
    advice: 'Request another device and create an upscaler with it.',
  });

export const outOfMemory = (): UpscalerError =>
  new UpscalerError({
    code: 'out-of-memory',
    message: 'There is not enough memory for this picture.',
    advice: 'Take a smaller copy of the picture, or close other tabs and programs and try again.',
  });

export const imageTooLarge = (width: number, height: number, limit: number): UpscalerError =>
  new UpscalerError({
    code: 'image-too-large',
    message: `The picture is too large: ${width} x ${height} pixels; at most ${limit} can be upscaled here.`,
    advice: 'Crop the picture or make it smaller before upscaling.',
  });

export const broken = (message: string): UpscalerError =>
  new UpscalerError({
    code: 'internal',
    message: `Internal error: ${message}`,
    advice: "Please report this with the picture's size and the browser's name.",
  });

export const storage = (reason: string): UpscalerError =>
  new UpscalerError({
    code: 'storage',
    message: `The model could not be kept for the next visit: ${reason}.`,
    advice: 'Free some disk space or allow storage for this site. Until then every visit downloads the model.',
  });

export const storageSilent = (): UpscalerError =>
  new UpscalerError({
    code: 'storage',
    message: "The model could not be kept for the next visit: the browser's storage does not answer.",
    advice: "Close this site's other tabs, or restart the browser. Until then every visit downloads the model.",
  });

export const badWeights = (reason: string): UpscalerError =>
  new UpscalerError({
    code: 'bad-weights',
    message: `The model's weights cannot be used: ${reason}.`,
    advice: 'Check that the model folder is complete and made for this version.',
  });

export const damaged = (model: string): UpscalerError =>
  new UpscalerError({
    code: 'bad-weights',
    message: `The stored model ${model} was damaged and has been removed.`,
    advice: 'Import its files again.',
  });

export const hashMismatch = (file: string): UpscalerError =>
  new UpscalerError({
    code: 'hash-mismatch',
    message: `${file} is not the file that the model names: its SHA-256 differs.`,
    advice: 'Load the page again; if it stays, the copy on the server is damaged and its owner must replace it.',
  });

export const http = (url: string, status: number): UpscalerError =>
  new UpscalerError({
    code: 'http',
    message: `${url} could not be downloaded: the server answered ${status}.`,
    advice: "Put the package's file there, or name its place: see Hosting in the documentation. If the server is busy, try again later.",
  });

export const notTheFile = (url: string, type: string): UpscalerError =>
  new UpscalerError({
    code: 'http',
    message: `${url} is not the file: the server answered with ${type || 'something else'}.`,
    advice: "Put the package's file there, served as what it is, or name its place: see Hosting in the documentation.",
  });

export const policy = (url: string, directive: string): UpscalerError =>
  new UpscalerError({
    code: 'blocked',
    message: `The content security policy does not allow ${url}: its directive ${directive} forbids it.`,
    advice: 'Add what Hosting in the documentation lists to the policy.',
  });

export const anotherSite = (url: string): UpscalerError =>
  new UpscalerError({
    code: 'blocked',
    message: `${url} is on another site, which does not let this page read it.`,
    advice: 'Send the header Access-Control-Allow-Origin there, or serve the file from this site.',
  });

export const openedAsFile = (): UpscalerError =>
  new UpscalerError({
    code: 'blocked',
    message: 'The page was opened as a file, and browsers start no workers there.',
    advice: 'Serve its folder, for example by `npx serve`, and open the address that it names.',
  });

export const unstarted = (url: string): UpscalerError =>
  new UpscalerError({
    code: 'blocked',
    message: `${url} is there, but the browser does not start it as a worker.`,
    advice: 'The console of the browser says why. On a page with Cross-Origin-Embedder-Policy, send that header with this file too.',
  });

export const offline = (url: string): UpscalerError =>
  new UpscalerError({
    code: 'offline',
    message: `${url} could not be reached.`,
    url,
    advice: 'Connect to the network once. After that the model works offline.',
  });
