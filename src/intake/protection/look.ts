/** A mail and its reader, as the judging of deceptions sees them. */
import { type Imitated, organisation, Originals } from '../../mail/phishing/look-alike.ts';
import { type MailWarning, warningsOf } from '../../mail/phishing/warnings.ts';
import { fold } from '../../mail/search/fold.ts';
import type { AddressBook } from '../contacts/address-book.ts';
import type { IntakePayload } from '../entry.ts';
import { isProven } from '../people.ts';
import type { Harm } from '../scan/harm.ts';
import type { MailText } from '../spam/mail-text.ts';
import type { BadHosts } from './bad-hosts.ts';

/** Whom a reader knows, made ready for many mails: that of a large address book takes a while. */
export interface KnownPeople {
  readonly addresses: ReadonlySet<string>;
  readonly originals: Originals;
  /** The addresses of each whole name, folded. */
  readonly names: ReadonlyMap<string, readonly string[]>;
}

export interface Look {
  readonly mail: Pick<IntakePayload, 'authentication'>;
  readonly text: MailText;
  /** Of the reader. */
  readonly address: string;
  readonly people: KnownPeople;
  readonly newDomain: boolean;
  readonly harm: Pick<Harm, 'executables' | 'closed'> | undefined;
  readonly bad: BadHosts;
}

/** People of an account by whom the look is guided: of those written to and of those in the address book. */
const MOST_PEOPLE = 2_000;

export function lookAt({ mail, text, address, people, newDomain, harm, bad }: Look): readonly MailWarning[] {
  const { envelope, header } = text;
  const author = envelope.from[0]?.address.toLowerCase() ?? '';
  const { authentication } = mail;
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
      ownDomain: organisation(domainOf(address)),
      known: people.addresses.has(author),
      proven: authentication === undefined ? undefined : isProven({ authentication }),
      strict: authentication !== undefined && authentication.dmarc.policy !== 'none',
      originals: people.originals,
      addressesOf: (name) => people.names.get(name) ?? [],
      newDomain,
      isBad: (host) => bad.has(host),
    },
  );
}

/** `address`: the reader's own. */
export function knownPeople(
  { correspondents, sorted }: Pick<AddressBook, 'correspondents' | 'sorted'>,
  address: string,
): KnownPeople {
  const addresses = new Set<string>();
  const names = new Map<string, string[]>();
  const domains = new Set([organisation(domainOf(address))]);
  const add = (name: string, given: readonly string[]): void => {
    const theirs = given.map((one) => one.toLowerCase());
    for (const one of theirs) {
      addresses.add(one);
      domains.add(organisation(domainOf(one)));
    }
    const folded = fold(name).trim();
    // One word alone is the name of too many.
    if (/\s/.test(folded) || /^\p{Script=Hangul}{3,}$/u.test(folded))
      names.getOrInsertComputed(folded, () => []).push(...theirs);
  };
  for (const { contact } of sorted.slice(0, MOST_PEOPLE)) {
    const { name, emails } = contact;
    add(
      name,
      emails.map((email) => email.address),
    ); // prettier-ignore
  }
  for (const [written, { name = '' }] of [...correspondents].slice(0, MOST_PEOPLE)) add(name, [written]);
  domains.delete('');
  const imitated = Array.from(domains, (domain): Imitated => ({ domain, name: domain }));
  return { addresses, names, originals: Originals.known(imitated) };
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
