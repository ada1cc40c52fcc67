/** The models that this device keeps: the list with its sizes, deleting, and the choice for the next picture. */
import { deleteAllModels, deleteModel, listModels, type StoredModel } from 'resshift-web';
import { elements } from './elements.ts';
import { toProblem } from './problem.ts';
import { offerSteps } from './settings.ts';
import { showStrip } from './strips.ts';
import { text } from './text.ts';

const DEFAULT_MODEL = 'compact';
const DEFAULT_STEPS = 15;

const { models, modelsSize, modelList, modelsNote, deleteModels, modelSetting, model, announcer } = elements;

/** @param chosen selected for the next picture, if it is there */
export async function refreshModels(chosen = model.value): Promise<void> {
  const stored = await listModels();
  modelList.replaceChildren(...stored.map(row));
  modelsSize.textContent = text.modelsSize(stored);
  deleteModels.hidden = stored.length === 0;
  offer(stored, chosen);
  modelsNote.textContent = stored.length === 0 ? text.noModels : await note();
}

export function watchModels(): void {
  model.addEventListener('change', () => offerSteps(steps.get(model.value) ?? DEFAULT_STEPS));
  models.addEventListener('toggle', () => void (models.open && refreshModels()));
  deleteModels.addEventListener('click', () => void remove(deleteAllModels(), text.modelsDeleted));
}

/** Of each stored model's chain. */
let steps = new Map<string, number>();

/** The default model is always on offer: the site has it. */
function offer(stored: readonly StoredModel[], chosen: string): void {
  const names = [DEFAULT_MODEL, ...stored.map(({ name }) => name).filter((name) => name !== DEFAULT_MODEL)];
  model.replaceChildren(...names.map((name) => new Option(name === DEFAULT_MODEL ? text.defaultLabel(DEFAULT_MODEL) : name, name)));
  model.value = names.includes(chosen) ? chosen : DEFAULT_MODEL;
  modelSetting.hidden = names.length === 1;
  steps = new Map(stored.map(({ name, steps }) => [name, steps]));
  offerSteps(steps.get(model.value) ?? DEFAULT_STEPS);
}

function row(stored: StoredModel): HTMLLIElement {
  const item = document.createElement('li');
  const words = document.createElement('div');
  const name = document.createElement('p');
  name.className = 'model-name';
  name.textContent = stored.name;
  const detail = document.createElement('p');
  detail.className = 'model-detail';
  detail.textContent = text.storedModel(stored);
  words.append(name, detail);
  const button = document.createElement('button');
  button.type = 'button';
  button.className = 'button small';
  button.textContent = text.delete;
  button.setAttribute('aria-label', text.deleteModelLabel(stored.name));
  button.addEventListener('click', () => void remove(deleteModel(stored.name), text.modelDeleted(stored.name)));
  item.append(words, button);
  return item;
}

async function remove(removing: Promise<void>, done: string): Promise<void> {
  try {
    await removing;
    announcer.textContent = done;
  } catch (error) {
    const { message, advice } = toProblem(error);
    showStrip('models', `${message} ${advice}`);
  }
  await refreshModels();
  // The button that was pressed has gone with its row.
  models.querySelector('summary')?.focus();
}

async function note(): Promise<string> {
  try {
    return text.storageNote(await navigator.storage.estimate(), await navigator.storage.persisted());
  } catch {
    return '';
  }
}
