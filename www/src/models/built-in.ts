/** The models that the site has, the default one first; what each is good for is said by `text.aboutModel`. */
export const BUILT_IN: readonly { name: string; steps: number; bytes: number }[] = [
  { name: 'compact', steps: 15, bytes: 8_173_408 },
  { name: 'nano', steps: 15, bytes: 2_706_152 },
];
/** The page's own models are asked for by their folder, so that new weights need no new page. */
export const PLACE = { baseUrl: 'resshift/' };
export const DEFAULT_MODEL = BUILT_IN[0]!.name;
