/** The models that this device keeps. Neither the engine nor the network is needed to see or delete them. */

import type * as api from './index.d.ts';
import { modelName } from './options.ts';
import { Store } from './store.ts';

export async function listModels(): Promise<api.StoredModel[]> {
  const entries = await using((store) => store.entries()).catch(() => []);
  return entries.map(({ name, version, steps, bytes, licence, imported }) => ({ name, version, steps, bytes, licence, imported }));
}

export async function deleteModel(name: string): Promise<void> {
  const checked = modelName(name);
  await using((store) => store.remove(checked));
}

export function deleteAllModels(): Promise<void> {
  return using((store) => store.remove());
}

async function using<T>(work: (store: Store) => Promise<T>): Promise<T> {
  const store = await Store.open();
  try {
    return await work(store);
  } finally {
    store.close();
  }
}
