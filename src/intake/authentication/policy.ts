/** What is done about a mail whose author's domain does not stand behind it. */
import type { HeaderBlock } from '../../mail/header.ts';
import type { Authentication, DmarcPolicy } from './results.ts';

export interface DmarcRules {
  /** `report`: the result is written down, and nothing else happens. */
  readonly mode: 'enforce' | 'report';
  /** Domains whose ARC seals are believed, lower case (RFC 8617 §7.2.1). */
  readonly trustedSealers: ReadonlySet<string>;
}

export interface Disposition {
  readonly disposition: DmarcPolicy;
  readonly override?: NonNullable<Authentication['dmarc']['override']>;
}

/**
 * A policy alone is no reason to refuse a mail (RFC 9989 §7.4): what a mailing list or a forwarder passed on may fail
 * although it is honest. With a trace of one, `reject` becomes `quarantine`.
 */
export function disposition(
  dmarc: { readonly result: string; readonly policy: DmarcPolicy },
  arc: Authentication['arc'],
  header: HeaderBlock,
  rules: DmarcRules,
): Disposition {
  if (dmarc.result !== 'fail' || dmarc.policy === 'none') return { disposition: 'none' };
  if (arc.result === 'pass' && arc.claims === 'pass' && rules.trustedSealers.has(arc.sealer))
    return { disposition: 'none', override: 'trusted-forwarder' };
  if (rules.mode === 'report') return { disposition: 'none', override: 'local-policy' };
  if (dmarc.policy === 'reject' && wasPassedOn(arc, header))
    return { disposition: 'quarantine', override: 'mailing-list' };
  return { disposition: dmarc.policy };
}

function wasPassedOn(arc: Authentication['arc'], header: HeaderBlock): boolean {
  return arc.result === 'pass' || header.fields.some(({ name }) => name === 'list-id' || name === 'list-post');
}
