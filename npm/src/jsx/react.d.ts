/** `<resshift-upscaler>` in React's JSX (19 and later): `import type {} from 'resshift-web/jsx/react'`, once in a project. */

import type { DetailedHTMLProps, HTMLAttributes } from 'react';
import type { ResShiftElement } from '../element.js';
import type { ResShiftAttributes } from './attributes.js';

declare module 'react' {
  namespace JSX {
    interface IntrinsicElements {
      'resshift-upscaler': DetailedHTMLProps<HTMLAttributes<ResShiftElement>, ResShiftElement> & ResShiftAttributes;
    }
  }
}
