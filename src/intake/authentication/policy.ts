/** What is done about a mail whose author's domain does not stand behind it. */
import type { HeaderBlock } from '../../mail/header.ts';
import { NOTIFICATION_FIELD } from '../../mail/downmail/fields.ts';
import type { Authentication, DmarcPolicy } from './results.ts';

export interface DmarcRules {
  /** `report`: the result is written down, and nothing else happens. */
  readonly mode: 'enforce' | 'report';
  /** Domains whose ARC seals are believed, lower case (RFC 8617 §7.2.1). */
  readonly trustedSealers: ReadonlySet<string>;
  /** Domain of the gateway that sends notifications in its senders' names (Downmail), where one is elsewhere. */
  readonly gateway?: string;
}

export interface Disposition {
  readonly disposition: DmarcPolicy;
  readonly override?: NonNullable<Authentication['dmarc']['override']>;
}

/**
 * A policy alone is no reason to refuse a mail: without other knowledge `reject` is treated as `quarantine` (RFC 9989 §7.4), for what a
 * mailing list or a forwarder passed on may fail although it is honest. The knowledge here is that nobody can have passed it on: it
 * comes straight from a client, without a trace of any other way.
 */
export function disposition(
  dmarc: { readonly result: string; readonly policy: DmarcPolicy },
  { arc, dkim }: Pick<Authentication, 'arc' | 'dkim'>,
  header: HeaderBlock,
  rules: DmarcRules,
): Disposition {
  if (dmarc.result !== 'fail' || dmarc.policy === 'none') return { disposition: 'none' };
  if (arc.result === 'pass' && arc.claims === 'pass' && rules.trustedSealers.has(arc.sealer))
    return { disposition: 'none', override: 'trusted-forwarder' };
  if (isOfGateway(dkim, header, rules.gateway)) return { disposition: 'none', override: 'trusted-forwarder' };
  if (rules.mode === 'report') return { disposition: 'none', override: 'local-policy' };
  if (dmarc.policy === 'reject') {
    if (arc.result === 'pass' || header.fields.some(({ name }) => LIST_FIELDS.has(name)))
      return { disposition: 'quarantine', override: 'mailing-list' };
    if (header.fields.some(({ name }) => TRACES.has(name)))
      return { disposition: 'quarantine', override: 'local-policy' };
  }
  return { disposition: dmarc.policy };
}

function isOfGateway(dkim: Authentication['dkim'], header: HeaderBlock, gateway = ''): boolean {
  if (gateway === '' || header.first(NOTIFICATION_FIELD.toLowerCase()) === undefined) return false;
  return dkim.some(({ result, domain }) => result === 'pass' && isWithin(domain.toLowerCase(), gateway));
}

/** The domain, or one below it. */
function isWithin(domain: string, of: string): boolean {
  return domain === of || domain.endsWith(`.${of}`);
}

const LIST_FIELDS: ReadonlySet<string> = new Set(['list-id', 'list-post']);
/** What servers put on mail that passes them. */
const TRACES: ReadonlySet<string> = new Set(['received', 'delivered-to', 'resent-from', 'arc-seal', 'x-forwarded-to']);
