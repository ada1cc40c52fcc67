import { Upscaler } from 'resshift-web';
import { attempt } from './try.js';

/** @type {any} */ (globalThis).outcome = attempt(Upscaler);
