/** Made by `build.mjs` from each `model.json`. */
declare module 'shipped-models' {
  /** Of the package's own models, by name. */
  export const sizes: Record<string, { channels: number; bytes: number; y0: boolean }>;
  /**
   * Where the files of a model lie, by file: of the default model as literals, which bundlers follow; of the others once their own
   * modules are imported (`resshift-web/nano`), so that nobody has to host what nobody asks for.
   */
  export const addresses: (model: string) => Record<string, string> | undefined;
}
