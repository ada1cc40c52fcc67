/** Errors that the element itself raises, with the sentences of `errors.json`. */

import * as errors from '../../../errors.json';
import { UpscalerError } from '../page/upscaler.ts';
import { fill } from '../shared/fill.ts';
import type { Fault } from '../shared/protocol.ts';

type Entry = Omit<Fault, 'code'> & { code: string };

const failed = (entry: Entry, values = {}): UpscalerError =>
  new UpscalerError({ ...(entry as Fault), message: fill(entry.message, values) });

export const cancelled = (): UpscalerError => failed(errors.aborted);
export const noSource = (): UpscalerError => failed(errors.noInput);
export const unreachable = (url: string): UpscalerError => failed(errors.unreachable, { url });
export const refused = (url: string, status: number): UpscalerError => failed(errors.pictureHttp, { url, status });
