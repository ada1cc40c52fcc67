// A classic script has no `import.meta`. Its own address takes the place of that of `dist/index.js`.
export const moduleUrl = new URL('../index.js', globalThis.document?.currentScript?.src ?? 'file:///').href;
