/** The caller's canvas, into which a result is drawn. */

import { badOption, invalidOption } from '../shared/error.ts';

type Context = CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D;

/** @throws UpscalerError `bad-option` if nothing can be drawn into it: better before the run than after it */
export function contextOf(canvas: HTMLCanvasElement | OffscreenCanvas): Context {
  try {
    // Null if it has a context of another kind.
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
  // A canvas that is too large stays empty, without an error.
  const last = context.getImageData(width - 1, height - 1, 1, 1).data[3];
  if (last !== data.at(-1)) throw badOption(`The canvas cannot have ${width} x ${height} pixels here.`);
}
