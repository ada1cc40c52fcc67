/** Builds the page once more over the stand-in engine, for the tests of what a person sees. */
import { fileURLToPath } from 'node:url';
import { buildPage } from '../../../www/build.mjs';
import { FAKE_DIST } from './folders.ts';

export default async function buildFake(): Promise<void> {
  await buildPage({ packageFolder: fileURLToPath(new URL('../fake', import.meta.url)), out: FAKE_DIST });
}
