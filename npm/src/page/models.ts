/** The models stored on this device. Listing and deleting them needs neither the engine nor the network. */

import type * as api from '../index.d.ts';
import { noBrowser } from '../shared/error.ts';
import { Store, stored } from '../shared/store.ts';
import { Connection } from './connection.ts';
import * as options from './options.ts';

export async function listModels(): Promise<api.StoredModel[]> {
  const entries = await using((store) => store.entries()).catch(() => []);
  return entries.map(stored);
}

export async function deleteModel(name: string): Promise<void> {
  const checked = options.modelName(name);
  await using((store) => store.remove(checked));
}

export function deleteAllModels(): Promise<void> {
  return using((store) => store.remove());
}

export async function importModel(files: readonly Blob[], given: api.ImportOptions = {} as api.ImportOptions): Promise<api.StoredModel> {
  if (typeof Worker === 'undefined') throw noBrowser();
  const order = options.importOrder(files, given);
  const connection = new Connection(order.worker);
  let begun: string | undefined;
  const ask = async (plan: api.ImportPlan): Promise<void> => {
    const agreed = await Promise.resolve(given.onLicence(plan)).catch(() => false);
    if (agreed) begun = plan.name;
    connection.consent(agreed);
  };
  try {
    const { model } = await connection.import(
      order,
      (note) => {
        if (note.type === 'plan') void ask(note.plan);
        if (note.type === 'converted') given.onProgress?.(note.fraction);
      },
      given.signal,
    );
    return model;
  } catch (error) {
    const name = begun;
    // A worker that was terminated cannot clean up.
    if (name !== undefined) await using((store) => store.abandon(name)).catch(() => undefined);
    throw error;
  } finally {
    connection.close();
  }
}

async function using<T>(work: (store: Store) => Promise<T>): Promise<T> {
  const store = await Store.open();
  try {
    return await work(store);
  } finally {
    store.close();
  }
}
