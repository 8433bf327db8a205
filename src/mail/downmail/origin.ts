/** Who says that an original is kept there: what is proven of a notification by the signature on it. */
import { getDomain } from 'tldts';
import { addressesIn } from '../address.ts';
import { type AuthenticationResults, authservIdOf, parseAuthenticationResults } from '../authentication-results.ts';
import type { HeaderBlock } from '../header.ts';
import { type NotificationAccess, NOTIFICATION_FIELD, readNotification } from './fields.ts';

/**
 * `proven`: the author's domain has signed it, and its original is kept at a host of that domain. `other-host`: signed likewise, but
 * kept elsewhere. `gateway`: the domain of the host has signed it, in the name of an author elsewhere. `unproven`: neither, and
 * anybody may have written it. `unchecked`: it did not come from another server.
 */
export type NotificationOrigin = 'proven' | 'other-host' | 'gateway' | 'unproven' | 'unchecked';

export interface ReadNotification {
  readonly access: NotificationAccess;
  readonly origin: NotificationOrigin;
  /** The host that has to be asked: that of the link. */
  readonly host: string;
  /** Lower case; '' when the header names none, or several. */
  readonly author: string;
}

/** Undefined when this is no notification. `hostname`: under which name we write Authentication-Results; forged ones were removed when the
 * mail came. */
export function readOrigin(header: HeaderBlock, hostname: string): ReadNotification | undefined {
  const access = readNotification(header);
  if (access === undefined) return undefined;
  const host = new URL(access.link).hostname.toLowerCase();
  const author = authorOf(header);
  return { access, host, author, origin: originOf(header, hostname, access, host, author) };
}

/** The address in From; '' unless it is exactly one. */
export function authorOf(header: HeaderBlock): string {
  const values = header.all('from');
  const addresses = values.length === 1 ? addressesIn((values[0] ?? '').slice(0, 20_000)) : [];
  return addresses.length === 1 ? (addresses[0] ?? '').toLowerCase() : '';
}

function originOf(
  header: HeaderBlock,
  hostname: string,
  { server }: NotificationAccess,
  host: string,
  author: string,
): NotificationOrigin {
  const field = header.all('authentication-results').find((value) => authservIdOf(value) === hostname.toLowerCase());
  if (field === undefined) return 'unchecked';
  const results = parseAuthenticationResults(field);
  const signers = results === undefined ? [] : signersOf(header, results);
  const authorDomain = organisation(author.slice(author.lastIndexOf('@') + 1));
  const isAt = (domain: string): boolean =>
    domain !== '' && organisation(host) === domain && organisation(server) === domain;
  if (authorDomain !== '' && signers.includes(authorDomain)) return isAt(authorDomain) ? 'proven' : 'other-host';
  return signers.some(isAt) ? 'gateway' : 'unproven';
}

/** The organisational domains whose signature holds and covers the field that counts. */
function signersOf(header: HeaderBlock, { results }: AuthenticationResults): readonly string[] {
  const passed = results
    .filter(({ method, result }) => method === 'dkim' && result === 'pass')
    .map(({ properties }) => new Map(properties));
  return header.all('dkim-signature').flatMap((value) => {
    const tags = tagsOf(value);
    const domain = tags.get('d')?.toLowerCase() ?? '';
    const covers = (tags.get('h') ?? '')
      .toLowerCase()
      .split(':')
      .some((name) => name.trim() === NOTIFICATION_FIELD.toLowerCase());
    const holds = passed.some((one) => {
      const begins = one.get('header.b') ?? '';
      return (
        one.get('header.d')?.toLowerCase() === domain &&
        one.get('header.s')?.toLowerCase() === tags.get('s')?.toLowerCase() &&
        begins !== '' &&
        (tags.get('b') ?? '').startsWith(begins)
      );
    });
    return covers && holds && domain !== '' ? [organisation(domain)] : [];
  });
}

const MOST_SIGNATURE = 20_000;

/** RFC 6376 §3.2, without white space. */
function tagsOf(value: string): ReadonlyMap<string, string> {
  const tags = new Map<string, string>();
  for (const tag of value.slice(0, MOST_SIGNATURE).split(';')) {
    const equals = tag.indexOf('=');
    const name = tag.slice(0, Math.max(0, equals)).trim();
    if (equals > 0 && !tags.has(name)) tags.set(name, tag.slice(equals + 1).replaceAll(/[ \t\r\n]+/g, ''));
  }
  return tags;
}

/** '' for what is no domain name. */
function organisation(domain: string): string {
  if (!/^[a-z0-9.-]{1,253}$/i.test(domain)) return '';
  const lower = domain.toLowerCase();
  return getDomain(lower, { validateHostname: false }) ?? lower;
}
