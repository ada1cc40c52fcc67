/** The dialog that converts files of weights into a model on this device: choose files, accept the terms, convert. */
import { importModel, type ImportPlan, type StoredModel } from 'resshift-web';
import { elements } from '../elements.ts';
import { text } from '../i18n/text.ts';
import { toProblem } from '../notices/problem.ts';
import { showStrip } from '../notices/strips.ts';
import { refreshModels } from './list.ts';

const {
  addModel,
  modelFiles,
  importDialog,
  importFiles,
  importText,
  importLicence,
  importLicenceName,
  importLicenceText,
  importLicenceLink,
  importConsent,
  importConsentText,
  importBar,
  importCode,
  importChoose,
  importCancel,
  importGo,
} = elements;

/** In `consent` the dialog waits for the person. */
type Step = 'choose' | 'reading' | 'consent' | 'converting' | 'failed';

let chosen: File[] = [];
let work: AbortController | null = null;
/** Answers the dialog's question. */
let answer: ((agreed: boolean) => void) | null = null;

export function watchImport(): void {
  addModel.addEventListener('click', () => openImport([]));
  importChoose.addEventListener('click', () => modelFiles.click());
  modelFiles.addEventListener('change', () => {
    if (modelFiles.files?.length) openImport([...modelFiles.files]);
    modelFiles.value = '';
  });
  importConsent.addEventListener('change', () => (importGo.disabled = !importConsent.checked));
  importGo.addEventListener('click', () => {
    // Requested during the press, so that the browser can ask the person.
    void navigator.storage?.persist?.();
    answer?.(true);
  });
  importCancel.addEventListener('click', () => importDialog.close());
  importDialog.addEventListener('close', () => {
    work?.abort();
    chosen = [];
  });
}

/** Adds files to the dialog's model. After a failure it starts again. */
export function openImport(files: File[]): void {
  if (work) return;
  if (importDialog.dataset['step'] === 'failed') chosen = [];
  chosen = [...chosen, ...files];
  importFiles.replaceChildren(
    ...chosen.map((file) => {
      const item = document.createElement('li');
      item.textContent = `${file.name}, ${text.bytes(file.size)}`;
      return item;
    }),
  );
  if (!importDialog.open) importDialog.showModal();
  const weights = chosen.filter(({ name }) => !name.endsWith('.json')).length;
  if (weights >= 2) void convert(chosen);
  else show('choose', weights === 1 ? text.importNeedsOther : text.importNeedsFiles);
}

async function convert(files: File[]): Promise<void> {
  const controller = (work = new AbortController());
  show('reading', text.importReading);
  try {
    const model = await importModel(files, {
      signal: controller.signal,
      onLicence: (plan) => ask(plan, controller.signal),
      onProgress: (fraction) => {
        importBar.value = fraction;
        importText.textContent = text.converting(fraction);
      },
    });
    await arrived(model);
  } catch (error) {
    const { code, message, advice } = toProblem(error);
    if (controller.signal.aborted) return;
    show('failed', `${message} ${advice}`);
    importCode.querySelector('code')!.textContent = code;
    importChoose.focus();
  } finally {
    work = null;
  }
}

function ask(plan: ImportPlan, signal: AbortSignal): Promise<boolean> {
  importLicenceName.textContent = text.licenceName(plan);
  importLicenceText.textContent = text.licenceTerms(plan);
  importConsentText.textContent = text.consent(plan);
  importLicenceLink.hidden = plan.licence.url === undefined;
  if (plan.licence.url !== undefined) importLicenceLink.href = plan.licence.url;
  show('consent', text.importPlan(plan));
  importConsent.focus();
  return new Promise<boolean>((resolve) => {
    answer = resolve;
    signal.addEventListener('abort', () => resolve(false));
  }).then((agreed) => {
    if (agreed) show('converting', text.converting(0));
    return agreed;
  });
}

async function arrived(model: StoredModel): Promise<void> {
  await refreshModels(model.name);
  importDialog.close();
  showStrip('models', () => text.modelAdded(model.name));
}

function show(step: Step, words: string): void {
  importDialog.dataset['step'] = step;
  importText.textContent = words;
  importText.classList.toggle('error-message', step === 'failed');
  importLicence.hidden = step !== 'consent';
  importConsent.checked = false;
  importGo.hidden = step !== 'consent';
  importGo.disabled = true;
  importBar.hidden = step !== 'reading' && step !== 'converting';
  importBar.removeAttribute('value');
  importCode.hidden = step !== 'failed';
  importChoose.hidden = step !== 'choose' && step !== 'failed';
}
