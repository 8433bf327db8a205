/** A check of the built-in spam filter is a value: what it looks at, and the points it gives, each with its reason. */
import type { ScanPoint } from '../../ports/scanner.ts';
import type { Resolver } from '../../ports/resolver.ts';
import type { Authentication } from '../authentication/results.ts';
import type { MailText } from './mail-text.ts';

export interface DnsList {
  /** Below which zone is asked. */
  readonly zone: string;
  readonly points: number;
}

export interface SpamRules {
  /** Of addresses of mail servers (DNSBL, RFC 5782). */
  readonly addressLists: readonly DnsList[];
  /** Of domains that links name. */
  readonly domainLists: readonly DnsList[];
  /** Languages that are read here, as ISO 639-1 codes; none: any. */
  readonly languages: readonly string[];
}

export interface CheckedFacts {
  readonly mail: MailText;
  readonly sender: string;
  /** The server that handed it over. */
  readonly client: { readonly address: string };
  /** Of mail from another server, when it was checked. */
  readonly authentication: Authentication | undefined;
  readonly rules: SpamRules;
  readonly resolver: Resolver;
  readonly now: number;
}

export interface SpamCheck {
  readonly name: string;
  /** Never throws for what a mail holds; what cannot be asked gives no points. */
  run(facts: CheckedFacts, signal: AbortSignal): Promise<readonly ScanPoint[]> | readonly ScanPoint[];
}

export function point(name: string, points: number, why: string): ScanPoint {
  return { name, points, why: why.replace(/[\r\n\t]+/g, ' ').slice(0, 200) };
}
