/** Made by `build.mjs`: addresses of the files of the package's own models, by model and name, as literals that bundlers follow. */
declare module 'shipped-models' {
  const files: Record<string, Record<string, string>>;
  export default files;
}
