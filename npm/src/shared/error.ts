/** The error class, and the errors that are found outside the engine. The sentences are in `errors.json`; `src/error.rs` has the others. */

import * as errors from '../../../errors.json';
import type { ErrorCode } from '../index.d.ts';
import { fill } from './fill.ts';
import type { Fault } from './protocol.ts';

export class UpscalerError extends Error {
  declare readonly name: 'UpscalerError' | 'AbortError' | 'TimeoutError';
  declare readonly code: ErrorCode;
  declare readonly advice: string;
  declare readonly cause: { code: ErrorCode; advice: string };
  declare readonly reason: unknown;
  /** Address of the file that could not be loaded. */
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

type Entry = Omit<Fault, 'code'> & { code: string };

/**
 * @param values for the words in braces
 * @param reason of the signal that ended the call
 */
const failed = (entry: Entry, values = {}, reason?: unknown): UpscalerError =>
  new UpscalerError({ ...(entry as Fault), message: fill(entry.message, values) }, reason);

export const aborted = (reason?: unknown): UpscalerError => failed(errors.aborted, {}, reason);
export const noBrowser = (): UpscalerError => failed(errors.noBrowser);
export const disposed = (): UpscalerError => failed(errors.disposed);

export const noInput = (): UpscalerError => failed(errors.noInput);
export const otherSite = (host: string): UpscalerError => failed(errors.otherSite, { host });
export const pictureHttp = (url: string, status: number): UpscalerError => failed(errors.pictureHttp, { url, status });
export const unreachable = (url: string): UpscalerError => failed(errors.unreachable, { url });
export const unknownInput = (input: unknown): UpscalerError => failed(errors.unknownInput, { given: shown(input) });
export const emptyFile = (): UpscalerError => failed(errors.emptyFile);
export const fileGone = (): UpscalerError => failed(errors.fileGone);
export const noPixels = (): UpscalerError => failed(errors.noPixels);
export const tainted = (): UpscalerError => failed(errors.tainted);
export const unreadable = (): UpscalerError => failed(errors.unreadable);
export const imageTooLarge = (width: number, height: number, limit: number): UpscalerError =>
  failed(errors.imageTooLarge, { width, height, limit });
export const outOfMemory = (): UpscalerError => failed(errors.outOfMemory);

export const badOption = (reason: string): UpscalerError => failed(errors.badOption, { reason });
/** @param given the value, which the message shows */
export const invalidOption = (message: string, given: unknown): UpscalerError => badOption(`${message}; ${shown(given)} was given.`);

/** The tag instead of `instanceof`, because objects from another frame are valid too. */
export const tag = (thing: unknown): string => Object.prototype.toString.call(thing).slice(8, -1);

function shown(given: unknown): string {
  if (typeof given === 'string') return JSON.stringify(given.length > 40 ? `${given.slice(0, 40)}…` : given);
  return Object(given) === given ? `[object ${tag(given)}]` : String(given);
}

export const deviceLost = (): UpscalerError => failed(errors.deviceLost);
export const broken = (reason: string): UpscalerError => failed(errors.internal, { reason });

export const storage = (reason: string): UpscalerError => failed(errors.storage, { reason });
export const storageSilent = (): UpscalerError => failed(errors.storageSilent);
export const badWeights = (reason: string): UpscalerError => failed(errors.badWeights, { reason: `${reason}.` });
export const damaged = (model: string): UpscalerError => failed(errors.damaged, { model });
export const hashMismatch = (file: string): UpscalerError => failed(errors.hashMismatch, { file });

export const http = (url: string, status: number): UpscalerError => failed(errors.http, { url, status });
export const notTheFile = (url: string, type: string): UpscalerError => failed(errors.notTheFile, { url, type: type || 'something else' });
/** Names the file, so that the page can find out why it was not loaded. */
export const offline = (url: string): UpscalerError => failed({ ...errors.offline, url }, { url });
export const policy = (url: string, directive: string): UpscalerError => failed(errors.policy, { url, directive });
export const anotherSite = (url: string): UpscalerError => failed(errors.anotherSite, { url });
export const openedAsFile = (): UpscalerError => failed(errors.openedAsFile);
export const unstarted = (url: string): UpscalerError => failed(errors.unstarted, { url });
