/** Script addresses for pages that enforce Trusted Types. Such pages must allow the policy `resshift`. */

interface Policy {
  createScriptURL(address: string): string;
}
interface Factory {
  createPolicy(name: string, rules: Policy): Policy;
}

let policy: Policy | undefined;

export function trustedUrl(address: string): string {
  try {
    policy ??= (globalThis as { trustedTypes?: Factory }).trustedTypes?.createPolicy('resshift', { createScriptURL: (own) => own });
  } catch {
    // The policy is not allowed. If Trusted Types are enforced, the browser reports it next.
  }
  return policy?.createScriptURL(address) ?? address;
}
