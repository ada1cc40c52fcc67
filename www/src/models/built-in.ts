import type { ModelInfo } from 'resshift-web';

/** The models that the site has, the default one first; what each is good for is said by `text.aboutModel`. */
export const BUILT_IN: readonly Pick<ModelInfo, 'name' | 'steps' | 'y0' | 'bytes'>[] = [
  { name: 'compact', steps: 15, y0: 0.955, bytes: 9_550_628 },
  { name: 'nano', steps: 15, y0: 0, bytes: 2_706_152 },
];
export const DEFAULT_MODEL = BUILT_IN[0]!.name;
