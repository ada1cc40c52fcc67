import { attempt } from './try.js';

const address = './resshift/index.js';
/** @type {any} */ (globalThis).outcome = import(address).then(({ Upscaler }) => attempt(Upscaler));
