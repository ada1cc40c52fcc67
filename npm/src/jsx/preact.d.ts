/** `<resshift-upscaler>` in Preact's JSX: `import type {} from 'resshift-web/jsx/preact'`, once in a project. */

import type { HTMLAttributes } from 'preact';
import type { ResShiftElement } from '../element.js';
import type { ResShiftAttributes } from './attributes.js';

declare module 'preact' {
  namespace JSX {
    interface IntrinsicElements {
      'resshift-upscaler': HTMLAttributes<ResShiftElement> & ResShiftAttributes;
    }
  }
}
