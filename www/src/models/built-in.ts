/** The models of the site. `text.aboutModel` describes them. */
import type { ModelInfo } from 'resshift-web';
import limits from '../../../limits.json' with { type: 'json' };

/** From each `models/NAME/model.json`, by `www/build.mjs`; the default one first. */
declare const BUILT_IN_MODELS: readonly Pick<ModelInfo, 'name' | 'steps' | 'y0' | 'bytes'>[];

export const BUILT_IN = BUILT_IN_MODELS;
export const DEFAULT_MODEL = limits.defaultModel;
/** The page's own models are loaded from their folder, so that new weights need no new page. */
export const PLACE = { baseUrl: 'resshift/' };
