/** `<resshift-upscaler>` in Svelte's templates: `import type {} from 'resshift-web/jsx/svelte'`, once in a project. */

import type { HTMLAttributes } from 'svelte/elements';
import type { ResShiftElement } from '../element.js';
import type { ResShiftAttributes } from './attributes.js';

declare module 'svelte/elements' {
  export interface SvelteHTMLElements {
    'resshift-upscaler': HTMLAttributes<ResShiftElement> & ResShiftAttributes;
  }
}
