/** Why a file could not be loaded. Browsers do not say, so this fetches it once more and listens for policy violations. */

import { contentType } from '../shared/content-type.ts';
import { anotherSite, http, notTheFile, offline, openedAsFile, policy, unstarted, type UpscalerError } from '../shared/error.ts';

const TIMEOUT_MS = 10_000;

/** Records what a content security policy forbids in this thread. */
export class PolicyWatch {
  readonly #heard: SecurityPolicyViolationEvent[] = [];
  readonly #hear = (event: Event): void => void this.#heard.push(event as SecurityPolicyViolationEvent);

  constructor() {
    globalThis.addEventListener?.('securitypolicyviolation', this.#hear);
  }

  stop(): void {
    globalThis.removeEventListener?.('securitypolicyviolation', this.#hear);
  }

  /** The directive that forbids an address, or anything that is needed to use it. */
  forbids(url: string): string | undefined {
    return this.#heard.find(({ blockedURI }) => /^(blob|wasm-eval|trusted-types)/.test(blockedURI) || url.startsWith(blockedURI))
      ?.effectiveDirective;
  }
}

/** @param script whether the file was to be run as a script; then its type matters too */
export async function loadFailure(url: string, watch: PolicyWatch, script = false): Promise<UpscalerError> {
  const { protocol, origin } = globalThis.location;
  if (protocol === 'file:') return openedAsFile();
  const ask = (mode: RequestMode): Promise<Response | undefined> =>
    fetch(url, { mode, cache: 'no-cache', signal: AbortSignal.timeout(TIMEOUT_MS) }).catch(() => undefined);
  const answer = await ask('cors');
  void answer?.body?.cancel();
  // Browsers report the violation a moment after the refusal.
  await new Promise((resolve) => setTimeout(resolve, 100));
  const directive = watch.forbids(url);
  if (directive !== undefined) return policy(url, directive);
  if (answer === undefined) {
    const elsewhere = /^http/.test(url) && new URL(url).origin !== origin;
    return elsewhere && (await ask('no-cors')) ? anotherSite(url) : offline(url);
  }
  if (!answer.ok) return http(url, answer.status);
  const type = contentType(answer);
  if (type === 'text/html' || (script && !/javascript|ecmascript/.test(type))) return notTheFile(url, type);
  return script ? unstarted(url) : offline(url);
}
