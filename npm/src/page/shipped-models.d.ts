/** Made by `build.mjs` from each `model.json`. */
declare module 'shipped-models' {
  /** Of the package's own models, by name. */
  export const sizes: Record<string, { channels: number; bytes: number; y0?: boolean }>;
  /**
   * Addresses of a model's files, by file. Those of the default model are literals, which bundlers follow. The others come with their
   * own modules (`resshift-web/nano`), so that apps host only the models that they use.
   */
  export const addresses: (model: string) => Record<string, string> | undefined;
}
