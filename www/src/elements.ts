/** Every element of `index.html` that the program touches, looked up once. */
function byId<T extends HTMLElement>(id: string, kind: new () => T): T {
  const element = document.getElementById(id);
  if (!(element instanceof kind)) throw new Error(`index.html lacks #${id}`);
  return element;
}

export const elements = {
  language: byId('language', HTMLSelectElement),
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

  queueArea: byId('queue', HTMLElement),
  queueList: byId('queue-list', HTMLUListElement),
  queueCount: byId('queue-count', HTMLParagraphElement),
  queuePause: byId('queue-pause', HTMLButtonElement),
  queueSave: byId('queue-save', HTMLButtonElement),
  queueClear: byId('queue-clear', HTMLButtonElement),

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
  modelSetting: byId('model-setting', HTMLLabelElement),
  model: byId('model', HTMLSelectElement),
  seed: byId('seed', HTMLInputElement),
  device: byId('device', HTMLSelectElement),
  format: byId('format', HTMLSelectElement),
  metadata: byId('metadata', HTMLSelectElement),

  models: byId('models', HTMLDetailsElement),
  modelsSize: byId('models-size', HTMLSpanElement),
  modelList: byId('model-list', HTMLUListElement),
  modelsNote: byId('models-note', HTMLParagraphElement),
  addModel: byId('add-model', HTMLButtonElement),
  deleteModels: byId('delete-models', HTMLButtonElement),
  modelFiles: byId('model-files', HTMLInputElement),

  importDialog: byId('import', HTMLDialogElement),
  importFiles: byId('import-files', HTMLUListElement),
  importText: byId('import-text', HTMLParagraphElement),
  importLicence: byId('import-licence', HTMLDivElement),
  importLicenceName: byId('import-licence-name', HTMLParagraphElement),
  importLicenceText: byId('import-licence-text', HTMLParagraphElement),
  importLicenceLink: byId('import-licence-link', HTMLAnchorElement),
  importConsent: byId('import-consent', HTMLInputElement),
  importConsentText: byId('import-consent-text', HTMLSpanElement),
  importBar: byId('import-bar', HTMLProgressElement),
  importCode: byId('import-code', HTMLParagraphElement),
  importChoose: byId('import-choose', HTMLButtonElement),
  importCancel: byId('import-cancel', HTMLButtonElement),
  importGo: byId('import-go', HTMLButtonElement),
};
