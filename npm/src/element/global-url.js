// A classic script has no `import.meta`: where it was loaded from stands in, as if it were `dist/index.js`.
export const moduleUrl = new URL('../index.js', globalThis.document?.currentScript?.src ?? 'file:///').href;
