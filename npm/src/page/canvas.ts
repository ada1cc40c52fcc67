/** A canvas of the caller's that gets a result. */

import { badOption, invalidOption } from '../shared/error.ts';

type Context = CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D;

/** @throws UpscalerError `bad-option` where nothing can be drawn: better before the run than after it */
export function contextOf(canvas: HTMLCanvasElement | OffscreenCanvas): Context {
  try {
    // Null where it has a context of another kind.
    const context = canvas.getContext('2d') as Context | null;
    if (context) return context;
  } catch {
    // Not a canvas, or one that was handed to a worker.
  }
  throw invalidOption('canvas must have a 2D context', canvas);
}

/** @throws UpscalerError `bad-option` if the browser has no canvas of that size */
export function draw(context: Context, image: ImageData): void {
  const { width, height, data } = image;
  Object.assign(context.canvas, { width, height });
  context.putImageData(image, 0, 0);
  // Too large a canvas stays empty without a word.
  const last = context.getImageData(width - 1, height - 1, 1, 1).data[3];
  if (last !== data.at(-1)) throw badOption(`The canvas cannot have ${width} x ${height} pixels here.`);
}
