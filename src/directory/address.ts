/** Addresses and domains as the directory compares them: in NFC, without case, domains in ASCII (RFC 5891). */
import { MailError } from '../mail/error.ts';
import { formatMailbox, localKey, normalizeDomain, parseMailbox } from '../mail/path.ts';

export interface NormalAddress {
  /** Unquoted, with its detail. */
  readonly local: string;
  readonly domain: string;
}

/** Throws `address-syntax` for what no envelope could carry. */
export function normalAddress(address: string): NormalAddress {
  const mailbox = parseMailbox(address);
  if (mailbox === undefined)
    throw new MailError('address-syntax', 'syntax', `${JSON.stringify(address.slice(0, 300))} is not an address`);
  return { local: localKey(mailbox.local), domain: mailbox.domain };
}

/** Throws `address-syntax`. A literal such as `[192.0.2.1]` stays as it is; it is never one of our domains. */
export function normalDomain(name: string): string {
  const domain = normalizeDomain(name);
  if (domain === undefined)
    throw new MailError('address-syntax', 'syntax', `${JSON.stringify(name.slice(0, 300))} is not a domain`);
  return domain;
}

/** `user+detail` is `user` with a detail; a leading '+' belongs to the name. */
export function splitDetail(local: string): { readonly base: string; readonly detail: string | undefined } {
  const plus = local.indexOf('+');
  return plus < 1 ? { base: local, detail: undefined } : { base: local.slice(0, plus), detail: local.slice(plus + 1) };
}

export function addressText({ local, domain }: NormalAddress): string {
  return formatMailbox(local, domain);
}
