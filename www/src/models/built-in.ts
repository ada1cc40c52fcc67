/** The models that the site has; what each is good for is said by `text.aboutModel`. */
import limits from '../../../limits.json' with { type: 'json' };

/** From each `models/NAME/model.json`, by `www/build.mjs`; the default one first. */
declare const BUILT_IN_MODELS: readonly { name: string; steps: number; bytes: number }[];

export const BUILT_IN = BUILT_IN_MODELS;
export const DEFAULT_MODEL = limits.defaultModel;
