/** The models that the site has; what each is good for is said by `text.aboutModel`. */
import type { ModelInfo } from 'resshift-web';
import limits from '../../../limits.json' with { type: 'json' };

/** From each `models/NAME/model.json`, by `www/build.mjs`; the default one first. */
declare const BUILT_IN_MODELS: readonly Pick<ModelInfo, 'name' | 'steps' | 'y0' | 'bytes'>[];

export const BUILT_IN = BUILT_IN_MODELS;
export const DEFAULT_MODEL = limits.defaultModel;
/** The page's own models are asked for by their folder, so that new weights need no new page. */
export const PLACE = { baseUrl: 'resshift/' };
