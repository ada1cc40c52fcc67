/** The models on this device: the list with sizes, deletion, and the choice for the next picture. */
import { deleteAllModels, deleteModel, listModels, type StoredModel } from 'resshift-web';
import { makeButton } from '../button.ts';
import { elements } from '../elements.ts';
import { text } from '../i18n/text.ts';
import { showProblem } from '../notices/strips.ts';
import { offerSteps } from '../settings/settings.ts';
import { within } from '../time-limit.ts';
import { BUILT_IN, DEFAULT_MODEL } from './built-in.ts';
import { showOffline, watchOffline } from './offline-switch.ts';

const { models, modelsSize, modelList, modelsNote, deleteModels, model, modelAbout, announcer } = elements;

let stored: readonly StoredModel[] = [];

/** @param chosen selected for the next picture, if it is available */
export async function refreshModels(chosen = model.value): Promise<void> {
  // Until storage answers, only the models of the site can be chosen.
  if (model.options.length === 0) offer(chosen);
  stored = await listModels();
  modelList.replaceChildren(...stored.map(row));
  modelsSize.textContent = text.modelsSize(stored);
  deleteModels.hidden = stored.length === 0;
  offer(chosen);
  if (models.open) await showOffline(stored);
  modelsNote.textContent = stored.length === 0 ? text.noModels(text.bytes(BUILT_IN[0]!.bytes)) : await note();
}

export function watchModels(): void {
  model.addEventListener('change', () => {
    describe();
    if (models.open) void showOffline(stored);
  });
  models.addEventListener('toggle', () => void (models.open && refreshModels()));
  deleteModels.addEventListener('click', () => void remove(deleteAllModels(), text.modelsDeleted));
  watchOffline(refreshModels);
}

/** Models on this device that the site does not have. */
function ownModels(): StoredModel[] {
  return stored.filter(({ name }) => !BUILT_IN.some((known) => known.name === name));
}

function offer(chosen: string): void {
  const names = [...BUILT_IN, ...ownModels()].map(({ name }) => name);
  model.replaceChildren(...names.map((name) => new Option(name === DEFAULT_MODEL ? text.defaultLabel(name) : name, name)));
  model.value = names.includes(chosen) ? chosen : DEFAULT_MODEL;
  describe();
}

/** Updates what depends on the chosen model. */
function describe(): void {
  const own = ownModels().find(({ name }) => name === model.value);
  const builtIn = BUILT_IN.find(({ name }) => name === model.value);
  modelAbout.textContent = own ? text.storedModel(own) : builtIn ? text.aboutModel(builtIn.name, builtIn.bytes) : '';
  const { steps, y0 } = own ?? builtIn ?? BUILT_IN[0]!;
  offerSteps(steps, y0 > 0);
}

function row(one: StoredModel): HTMLLIElement {
  const item = document.createElement('li');
  const words = document.createElement('div');
  const name = document.createElement('p');
  name.className = 'model-name';
  name.textContent = one.name;
  const detail = document.createElement('p');
  detail.className = 'model-detail';
  detail.textContent = text.storedModel(one);
  words.append(name, detail);
  const takeAway = () => void remove(deleteModel(one.name), text.modelDeleted(one.name));
  item.append(words, makeButton(text.delete, 'button small', takeAway, text.deleteModelLabel(one.name)));
  return item;
}

async function remove(removing: Promise<void>, done: string): Promise<void> {
  try {
    await removing;
    announcer.textContent = done;
  } catch (error) {
    showProblem('models', error);
  }
  await refreshModels();
  // The pressed button has disappeared with its row.
  models.querySelector('summary')?.focus();
}

async function note(): Promise<string> {
  try {
    return text.storageNote(...(await within(Promise.all([navigator.storage.estimate(), navigator.storage.persisted()]))));
  } catch {
    return '';
  }
}
