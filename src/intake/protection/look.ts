/** A mail and its reader, as the judging of deceptions sees them. */
import { fold } from '../../mail/search/fold.ts';
import { type MailWarning, warningsOf } from '../../mail/phishing/warnings.ts';
import { type Imitated, organisation, Originals } from '../../mail/phishing/look-alike.ts';
import type { AddressBook } from '../contacts/address-book.ts';
import type { IntakePayload } from '../entry.ts';
import { isProven } from '../people.ts';
import type { Harm } from '../scan/harm.ts';
import type { MailText } from '../spam/mail-text.ts';
import type { BadHosts } from './bad-hosts.ts';

export interface Look {
  readonly mail: Pick<IntakePayload, 'authentication'>;
  readonly text: MailText;
  /** Of the reader. */
  readonly address: string;
  readonly book: Pick<AddressBook, 'correspondents' | 'sorted' | 'withAddress'>;
  readonly newDomain: boolean;
  readonly harm: Pick<Harm, 'executables' | 'closed'> | undefined;
  readonly bad: BadHosts;
}

/** People of an account by whom the look is guided; those one wrote to last first. */
const MOST_PEOPLE = 2_000;

export function lookAt({ mail, text, address, book, newDomain, harm, bad }: Look): readonly MailWarning[] {
  const { envelope, header } = text;
  const author = envelope.from[0]?.address.toLowerCase() ?? '';
  const own = organisation(domainOf(address));
  const { authentication } = mail;
  const names = namesIn(book);
  return warningsOf(
    {
      from: envelope.from,
      replyTo: envelope.replyTo,
      subject: envelope.subject,
      text: text.text,
      links: text.links,
      fileNames: text.files.map(({ filename }) => filename).filter((name) => name !== ''),
      form: /<form[\s>]/i.test(text.html),
      list: header.first('list-id') !== undefined || header.first('list-unsubscribe') !== undefined,
      executables: harm?.executables ?? [],
      locked: harm?.closed ?? [],
    },
    {
      ownDomain: own,
      known: book.correspondents.has(author) || book.withAddress(author) !== undefined,
      proven: authentication === undefined ? undefined : isProven({ authentication }),
      strict: authentication !== undefined && authentication.dmarc.policy !== 'none',
      originals: Originals.known(domainsOf(book, own)),
      addressesOf: (name) => names.get(name) ?? [],
      newDomain,
      isBad: (host) => bad.has(host),
    },
  );
}

function domainsOf(book: Look['book'], own: string): Imitated[] {
  const domains = new Set([own]);
  for (const address of peopleOf(book)) domains.add(organisation(domainOf(address)));
  return Array.from(domains, (domain) => ({ domain, name: domain })).filter(({ domain }) => domain !== '');
}

function peopleOf({ correspondents, sorted }: Look['book']): string[] {
  const written = [...correspondents].slice(0, MOST_PEOPLE).map(([address]) => address);
  const listed = sorted.slice(0, MOST_PEOPLE).flatMap(({ contact }) => contact.emails.map(({ address }) => address));
  return [...written, ...listed];
}

/** The addresses of each whole name: one word alone is the name of too many. */
function namesIn({ correspondents, sorted }: Look['book']): ReadonlyMap<string, string[]> {
  const names = new Map<string, string[]>();
  const add = (name: string, addresses: readonly string[]): void => {
    const folded = fold(name).trim();
    if (!/\s/.test(folded) && !/^\p{Script=Hangul}{3,}$/u.test(folded)) return;
    names.getOrInsertComputed(folded, () => []).push(...addresses.map((one) => one.toLowerCase()));
  };
  for (const { contact } of sorted.slice(0, MOST_PEOPLE))
    add(
      contact.name,
      contact.emails.map(({ address }) => address),
    ); // prettier-ignore
  for (const [address, { name }] of [...correspondents].slice(0, MOST_PEOPLE))
    if (name !== undefined) add(name, [address]); // prettier-ignore
  return names;
}

/** Lower case; '' when there is none. */
export function domainOf(address: string): string {
  const at = address.lastIndexOf('@');
  return at < 0 ? '' : address.slice(at + 1).toLowerCase();
}

/** What a record calls an author's domain; undefined for what is none. */
export function seenDomain(address: string): string | undefined {
  const domain = organisation(domainOf(address));
  return /^[a-z0-9.-]{1,253}$/.test(domain) ? domain : undefined;
}
