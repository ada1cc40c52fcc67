import { fileURLToPath } from 'node:url';

const from = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** The page as it ships; `DIST` names another build. */
export const DIST = process.env['DIST'] ?? from('../../../dist');
/** The page over the stand-in engine. */
export const FAKE_DIST = from('../../../test-results/fake-page');
export const FIXTURES = from('../fixtures');
export const SERVER = from('../../../www/serve.mjs');
export const SAMPLE_PHOTO = from('../../../www/samples/colosseum.jpg');
/** Pictures of many formats, shared with the native tests. */
export const IMAGES = from('../../images');
/** Small networks and their checkpoints, shared with the native tests. */
export const GOLDEN = from('../../golden');
/** The models that the package brings, one folder each, and the trainer. */
export const MODELS = from('../../../models');
/** Photographs of the page, for people. */
export const SCREENS = from('../../../test-results/screens');
