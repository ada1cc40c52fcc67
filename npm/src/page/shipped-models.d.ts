/** Made by `build.mjs` from each `model.json`: addresses of the files of the package's own models, by name, as literals that bundlers follow; and their sizes. */
declare module 'shipped-models' {
  const models: Record<string, { files: Record<string, string>; channels: number; bytes: number }>;
  export default models;
}
