// A classic script after resshift.global.js.
globalThis.outcome = import('./try.js').then(({ attempt }) => attempt(/** @type {any} */ (globalThis).ResShift.Upscaler));
