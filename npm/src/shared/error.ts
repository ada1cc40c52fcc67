/** The one error class, and the failures found outside the engine; `src/error.rs` has the others. */

import type { ErrorCode } from '../index.d.ts';
import type { Fault } from './protocol.ts';

export class UpscalerError extends Error {
  declare readonly name: 'UpscalerError' | 'AbortError' | 'TimeoutError';
  declare readonly code: ErrorCode;
  declare readonly advice: string;
  declare readonly cause: { code: ErrorCode; advice: string };
  declare readonly reason: unknown;
  /** Of the file that did not come. */
  declare readonly url: string | undefined;

  /** @param reason of the signal that ended the call */
  constructor({ code, message, advice, url }: Fault, reason?: unknown) {
    // A structured clone of an error keeps its cause, but not its other fields.
    super(message, { cause: { code, advice } });
    const ended = (reason as Error | undefined)?.name === 'TimeoutError' ? 'TimeoutError' : 'AbortError';
    Object.assign(this, { name: code === 'aborted' ? ended : 'UpscalerError', code, advice, reason, url });
  }

  toJSON(): Fault & { name: string } {
    const { name, code, message, advice } = this;
    return { name, code, message, advice };
  }
}

/** One line each: `www/docs/errors.mjs` reads code and advice of them. */
const fault = (code: ErrorCode, message: string, advice: string, reason?: unknown, url?: string): UpscalerError =>
  new UpscalerError({ code, message, advice, url }, reason);

export const aborted = (reason?: unknown): UpscalerError =>
  fault('aborted', 'Cancelled.', 'Start again whenever you like.', reason);

export const noBrowser = (): UpscalerError =>
  fault('no-browser', 'There are no web workers here: this package needs a browser.', 'Call it in the browser. Importing it on a server is fine.');

export const disposed = (): UpscalerError =>
  fault('disposed', 'This upscaler was disposed of before the call.', 'Create another one.');

export const noInput = (): UpscalerError =>
  fault('no-input', 'There is no file to read.', 'Choose a picture first.');

export const barePixels = (): UpscalerError =>
  fault('no-input', 'Pixels alone are not taken: a Uint8ClampedArray does not say what it is.', 'Pass new ImageData(pixels, width, height).');

export const otherSite = (host: string): UpscalerError =>
  fault('no-input', `The picture is on another site (${host}), and only those of this site are fetched.`, 'Fetch the picture yourself, and pass the Blob.');

export const unreachable = (url: string): UpscalerError =>
  fault('offline', `${url} could not be reached.`, "Check the picture's address and the connection.");

export const badImage = (message: string, advice: string): UpscalerError => fault('bad-image', message, advice);

export const badOption = (message: string): UpscalerError =>
  fault('bad-option', message, 'Correct the option and start again.');

/** @param given what stands in its place, for whoever looks for the mistake */
export const wrong = (message: string, given: unknown): UpscalerError => badOption(`${message}; ${shown(given)} was given.`);

/** By tag rather than `instanceof`: objects from another frame are as good. */
export const tag = (thing: unknown): string => Object.prototype.toString.call(thing).slice(8, -1);

function shown(given: unknown): string {
  if (typeof given === 'string') return JSON.stringify(given.length > 40 ? `${given.slice(0, 40)}…` : given);
  if (typeof given === 'function') return 'a function';
  return Object(given) === given ? `[object ${tag(given)}]` : String(given);
}

export const deviceLost = (): UpscalerError =>
  fault('gpu', 'The GPUDevice given as gpuDevice was lost.', 'Request another device and create an upscaler with it.');

export const outOfMemory = (): UpscalerError =>
  fault('out-of-memory', 'There is not enough memory for this picture.', 'Take a smaller copy of the picture, or close other tabs and programs and try again.');

export const imageTooLarge = (width: number, height: number, limit: number): UpscalerError =>
  fault('image-too-large', `The picture is too large: ${width} x ${height} pixels; at most ${limit} can be upscaled here.`, 'Crop the picture or make it smaller before upscaling.');

export const broken = (message: string): UpscalerError =>
  fault('internal', `Internal error: ${message}`, "Please report this with the picture's size and the browser's name.");

export const storage = (reason: string): UpscalerError =>
  fault('storage', `The model could not be kept for the next visit: ${reason}.`, 'Free some disk space or allow storage for this site. Until then every visit downloads the model.');

export const storageSilent = (): UpscalerError =>
  fault('storage', "The model could not be kept for the next visit: the browser's storage does not answer.", "Close this site's other tabs, or restart the browser. Until then every visit downloads the model.");

export const badWeights = (reason: string): UpscalerError =>
  fault('bad-weights', `The model's weights cannot be used: ${reason}.`, 'Check that the model folder is complete and made for this version.');

export const damaged = (model: string): UpscalerError =>
  fault('bad-weights', `The stored model ${model} was damaged and has been removed.`, 'Import its files again.');

export const hashMismatch = (file: string): UpscalerError =>
  fault('hash-mismatch', `${file} is not the file that the model names: its SHA-256 differs.`, 'Load the page again; if it stays, the copy on the server is damaged and its owner must replace it.');

export const http = (url: string, status: number): UpscalerError =>
  fault('http', `${url} could not be downloaded: the server answered ${status}.`, "Put the package's file there, or name its place: see Hosting in the documentation.");

export const notTheFile = (url: string, type: string): UpscalerError =>
  fault('http', `${url} is not the file: the server answered with ${type || 'something else'}.`, "Put the package's file there, or name its place: see Hosting in the documentation.");

export const policy = (url: string, directive: string): UpscalerError =>
  fault('blocked', `The content security policy does not allow ${url}: its directive ${directive} forbids it.`, 'Add what Hosting in the documentation lists to the policy.');

export const anotherSite = (url: string): UpscalerError =>
  fault('blocked', `${url} is on another site, which does not let this page read it.`, 'Send the header Access-Control-Allow-Origin there, or serve the file from this site.');

export const openedAsFile = (): UpscalerError =>
  fault('blocked', 'The page was opened as a file, and browsers start no workers there.', 'Serve its folder, for example by `npx serve`, and open the address that it names.');

export const unstarted = (url: string): UpscalerError =>
  fault('blocked', `${url} is there, but the browser does not start it as a worker.`, 'The console of the browser says why. On a page with Cross-Origin-Embedder-Policy, send that header with this file too.');

export const offline = (url: string): UpscalerError =>
  fault('offline', `${url} could not be reached.`, 'Connect to the network once. After that the model works offline.', undefined, url);
