/** `resshift-web/languages/es`, `ja`, `vi` and `zh`: the errors' sentences in languages other than English. */

import type { ErrorSentences } from './index.js';

/** For each code of an error, what happened and what a person can do. */
declare const sentences: ErrorSentences;
export default sentences;
