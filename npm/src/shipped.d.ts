/** Made by `build.mjs`: addresses of the default model's files, by name, as literals that bundlers follow. */
declare module 'shipped-model' {
  const files: Record<string, string>;
  export default files;
}
