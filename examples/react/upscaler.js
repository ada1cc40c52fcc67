import { Upscaler } from 'resshift-web';

let made;
const listeners = new Set();

/** After a failure the next call tries again. @param onLoad called with the loaded fraction of engine and model, 0 to 1 */
export function upscaler(onLoad) {
  listeners.add(onLoad);
  made ??= Upscaler.create({
    onProgress: ({ fraction }) => listeners.forEach((listener) => listener(fraction)),
  }).catch((error) => {
    made = undefined;
    throw error;
  });
  return made.finally(() => listeners.delete(onLoad));
}
