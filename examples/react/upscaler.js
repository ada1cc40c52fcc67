import { Upscaler } from 'resshift-web';

let made;
const listeners = new Set();

/** After a failure the next call tries again. @param onLoad hears how much of engine and model has come, from 0 to 1 */
export function upscaler(onLoad) {
  listeners.add(onLoad);
  made ??= Upscaler.create({
    onProgress: ({ fraction }) => listeners.forEach((hear) => hear(fraction)),
  }).catch((error) => {
    made = undefined;
    throw error;
  });
  return made.finally(() => listeners.delete(onLoad));
}
