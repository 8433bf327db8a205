/** The MTA-STS policy of our own domains (RFC 8461 §3.2), and the id by which others see that it has changed. */
import { hash } from 'node:crypto';

export type StsMode = 'none' | 'testing' | 'enforce';

/** A week: long enough to protect, short enough to mend a mistake. */
const MAX_AGE_S = 7 * 86_400;

/** Undefined in the mode `none`: nothing is published. */
export function stsPolicyOf(mode: StsMode, hostname: string): string | undefined {
  if (mode === 'none') return undefined;
  return `version: STSv1\r\nmode: ${mode}\r\nmx: ${hostname}\r\nmax_age: ${MAX_AGE_S}\r\n`;
}

/** The same policy has the same id, on every machine. */
export function policyId(policy: string): string {
  return hash('sha256', policy, 'hex').slice(0, 20);
}
