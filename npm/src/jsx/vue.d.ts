/** `<resshift-upscaler>` in Vue's templates: `import type {} from 'resshift-web/jsx/vue'`, once in a project. */

import type { DefineComponent } from 'vue';
import type { ResShiftAttributes } from './attributes.js';

declare module 'vue' {
  interface GlobalComponents {
    'resshift-upscaler': DefineComponent<ResShiftAttributes>;
  }
}
