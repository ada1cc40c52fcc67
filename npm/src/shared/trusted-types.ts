/** Addresses of scripts for pages that enforce Trusted Types: by the policy `resshift`, which they have to allow. */

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
    // Not allowed: if Trusted Types are enforced, the browser says so next.
  }
  return policy?.createScriptURL(address) ?? address;
}
