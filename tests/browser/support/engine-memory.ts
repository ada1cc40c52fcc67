/** For scripts that run in a worker before the engine: `memory` becomes the engine's, when it starts. */
export const FIND_MEMORY = `
  let memory;
  const { Instance } = WebAssembly;
  WebAssembly.Instance = function (...given) {
    const made = new Instance(...given);
    // Its name is shortened.
    memory = Object.values(made.exports).find((thing) => thing instanceof WebAssembly.Memory);
    return made;
  };
`;
