/** Converts checkpoint files into a stored model, in the worker. Each shard is converted, stored and freed before the next. */

import { describe, Import } from '../../engine/resshift.js';
import type { ImportPlan } from '../index.d.ts';
import { aborted, badOption, storage, UpscalerError } from '../shared/error.ts';
import type { ImportOrder } from '../shared/protocol.ts';
import { NO_SPACE, type Entry } from '../shared/store.ts';
import { within } from '../shared/time-limit.ts';
import type { Description } from './model-loader.ts';
import { lockOf, withModelLock } from './model-lock.ts';
import { hasSpace, ShardStore } from './shard-store.ts';

interface Converted {
  sha256: string;
  data: Uint8Array<ArrayBuffer>;
  fraction: number;
}

/**
 * @param ask decides whether to continue, once the contents of the files are known
 * @param report 0 to 1
 */
export async function importFiles(
  { files, name, config, storage: storedAs }: ImportOrder,
  ask: (plan: ImportPlan) => Promise<boolean>,
  report: (fraction: number) => void,
): Promise<Entry> {
  const conversion = new Import(files, name, config, storedAs);
  const plan = conversion.plan as ImportPlan;
  const store = await ShardStore.open().catch(notStored);
  try {
    await clearUp(store);
    const before = await store.entry(plan.name);
    if (before && !before.imported) throw badOption(`There is a model ${plan.name} that is not imported: choose another name.`);
    if (!(await hasSpace(plan.bytes))) throw storage(NO_SPACE);
    if (!(await ask(plan))) throw aborted();
    return await withModelLock(plan.name, () => convert(conversion, plan.name, store, report));
  } catch (error) {
    await store.abandon(plan.name).catch(() => undefined);
    return notStored(error);
  } finally {
    store.close();
  }
}

async function convert(conversion: Import, name: string, store: ShardStore, report: (fraction: number) => void): Promise<Entry> {
  for (;;) {
    const converted = conversion.next() as Converted | undefined;
    if (converted === undefined) break;
    const { sha256, data, fraction } = converted;
    await store.add(name, sha256, data, true);
    report(fraction);
  }
  const json = conversion.finish() as Uint8Array<ArrayBuffer>;
  const entry: Entry = { ...(describe(json) as Description), name, json, imported: true };
  if (!(await store.commit(entry))) throw storage('it was deleted while it was made');
  return entry;
}

/** Deletes what unfinished imports of closed tabs have left. */
async function clearUp(store: ShardStore): Promise<void> {
  for (const name of await store.unfinishedImports()) {
    const cleared = navigator.locks?.request(lockOf(name), { ifAvailable: true }, async (free) => {
      if (free) await store.abandon(name);
    });
    // A later import tries again.
    if (cleared) await within(cleared).catch(() => undefined);
  }
}

/** An import needs storage. */
function notStored(error: unknown): never {
  if (!(error instanceof UpscalerError) || error.code !== 'storage') throw error;
  const { code, message } = error;
  throw new UpscalerError({ code, message, advice: 'Free some disk space or allow storage for this site, then add the model again.' });
}
