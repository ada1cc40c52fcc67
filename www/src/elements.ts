/** Every element of `index.html` that the program touches, looked up once. */
function byId<T extends HTMLElement>(id: string, kind: new () => T): T {
  const element = document.getElementById(id);
  if (!(element instanceof kind)) throw new Error(`index.html lacks #${id}`);
  return element;
}

export const elements = {
  strips: byId('strips', HTMLDivElement),
  announcer: byId('announcer', HTMLParagraphElement),

  frame: byId('frame', HTMLDivElement),
  canvas: byId('canvas', HTMLCanvasElement),
  after: byId('after', HTMLDivElement),
  result: byId('result', HTMLImageElement),
  split: byId('split', HTMLInputElement),
  divider: byId('divider', HTMLDivElement),
  tagBefore: byId('tag-before', HTMLSpanElement),
  tagAfter: byId('tag-after', HTMLSpanElement),
  placeholder: byId('placeholder', HTMLParagraphElement),
  dropHint: byId('drop-hint', HTMLParagraphElement),
  zoomButtons: [...document.querySelectorAll<HTMLButtonElement>('.zoom-button')],

  choose: byId('choose', HTMLButtonElement),
  paste: byId('paste', HTMLButtonElement),
  file: byId('file', HTMLInputElement),
  samples: [...document.querySelectorAll<HTMLButtonElement>('.sample')],

  name: byId('name', HTMLParagraphElement),
  sizes: byId('sizes', HTMLParagraphElement),
  upscale: byId('upscale', HTMLButtonElement),
  save: byId('save', HTMLAnchorElement),
  outcome: byId('outcome', HTMLParagraphElement),
  runsOn: byId('runs-on', HTMLParagraphElement),
  modelLine: byId('model-line', HTMLParagraphElement),

  progress: byId('progress', HTMLElement),
  loadText: byId('load-text', HTMLSpanElement),
  loadBar: byId('load-bar', HTMLProgressElement),
  runText: byId('run-text', HTMLSpanElement),
  runBar: byId('run-bar', HTMLProgressElement),
  eta: byId('eta', HTMLParagraphElement),
  cancel: byId('cancel', HTMLButtonElement),

  errorCard: byId('error-card', HTMLElement),
  errorMessage: byId('error-message', HTMLParagraphElement),
  errorAdvice: byId('error-advice', HTMLParagraphElement),
  errorCode: byId('error-code', HTMLElement),
  retry: byId('retry', HTMLButtonElement),
  useCpu: byId('use-cpu', HTMLButtonElement),
  chooseOther: byId('choose-other', HTMLButtonElement),

  settings: byId('settings', HTMLFormElement),
  settingsFields: byId('settings-fields', HTMLFieldSetElement),
  seed: byId('seed', HTMLInputElement),
  device: byId('device', HTMLSelectElement),
};
