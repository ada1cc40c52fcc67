/** Made by `build.mjs`: the text of `model.json` of the package's own models, by name. */
declare module 'shipped-manifests' {
  const manifests: Record<string, string | undefined>;
  export default manifests;
}
