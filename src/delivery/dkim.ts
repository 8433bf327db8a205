/**
 * Signing what leaves (RFC 6376, RFC 8463): each mail gets a signature with the RSA key and one with the Ed25519 key of its
 * author's domain, so that every verifier finds one it understands.
 */
import type { DkimKeys } from '../directory/dkim-keys.ts';
import { decodeAddresses, parseAddressList } from '../mail/address.ts';
import { RelaxedBody } from '../mail/dkim/relaxed.ts';
import { SignedHeader } from '../mail/dkim/signature.ts';
import { HeaderBlock } from '../mail/header.ts';
import { NOTIFICATION_FIELD, RECEIPT_FIELD } from '../mail/downmail/fields.ts';
import { domainOf, normalizeDomain } from '../mail/path.ts';
import { LineWatch, unsignableHeader } from '../mail/signable.ts';
import type { Clock } from '../ports/clock.ts';
import type { Log } from '../telemetry/log.ts';
import { Places } from './places.ts';
import { readHead, watched } from './signed-pieces.ts';

export interface DkimSignerParts {
  readonly keys: Pick<DkimKeys, 'signing'>;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * Fields that make up what people read and answer to. Signed only as often as they are there: a list or a gateway may add
 * what is missing.
 */
export const SIGNED_FIELDS = [
  'From',
  'Sender',
  'Reply-To',
  'Subject',
  'Date',
  'Message-ID',
  'To',
  'Cc',
  'In-Reply-To',
  'References',
  'MIME-Version',
  'Content-Type',
  'Content-Transfer-Encoding',
  'List-Id',
  'List-Unsubscribe',
  'List-Unsubscribe-Post',
  NOTIFICATION_FIELD,
  RECEIPT_FIELD,
];
const NAMES: ReadonlySet<string> = new Set(SIGNED_FIELDS.map((name) => name.toLowerCase()));

/** Signatures in the making: the store's commits wait for the same threads. */
const AT_ONCE = 2;

export class DkimSigner {
  readonly #parts: DkimSignerParts;
  readonly #places = new Places(AT_ONCE);

  constructor(parts: DkimSignerParts) {
    this.#parts = parts;
  }

  /**
   * The header lines to put in front of this message; empty when its author is not of our domains, or when it is nothing
   * that can be signed. The message goes by once, in pieces, and is not kept. `gateway`: the domain that answers for a notification whose author
   * is elsewhere.
   */
  async sign(message: AsyncIterable<Uint8Array>, gateway?: string): Promise<Buffer> {
    const pieces = message[Symbol.asyncIterator]();
    try {
      const head = await readHead(pieces);
      const end = head.indexOf('\r\n\r\n');
      const header = HeaderBlock.parse(end < 0 ? head : head.subarray(0, end + 2));
      const author = authorDomain(header);
      const own = author === undefined ? [] : await this.#parts.keys.signing(author);
      const isNotification = header.first(NOTIFICATION_FIELD.toLowerCase()) !== undefined;
      const domain = own.length === 0 && isNotification ? gateway : author;
      if (domain === undefined) return NOTHING;
      const keys = domain === author ? own : await this.#parts.keys.signing(domain);
      if (keys.length === 0) return NOTHING;
      const problem = unsignableHeader(header);
      if (problem !== undefined) return this.#unsigned(domain, problem);
      const bodyHash = await this.#bodyHash(head.subarray(end < 0 ? head.length : end + 4), pieces);
      if (bodyHash === undefined) return this.#unsigned(domain, 'a line is too long, or there are too many empty ones');
      const signed = new SignedHeader(header, NAMES);
      const facts = { domain, at: this.#parts.clock.now(), bodyHash };
      const signatures = await Promise.all(keys.map((key) => this.#places.run(() => signed.sign(facts, key))));
      return Buffer.from(signatures.join(''), 'latin1');
    } finally {
      await pieces.return?.();
    }
  }

  /** Undefined when it is not worth what hashing costs. */
  async #bodyHash(first: Buffer, rest: AsyncIterator<Uint8Array>): Promise<string | undefined> {
    const watch = new LineWatch();
    const body = new RelaxedBody();
    for await (const piece of watched(first, rest, watch)) body.push(piece);
    return watch.exceeded ? undefined : body.end();
  }

  #unsigned(domain: string, reason: string): Buffer {
    this.#parts.log.warn({ domain, reason }, 'a mail leaves without DKIM signature');
    return NOTHING;
  }
}

const NOTHING = Buffer.alloc(0);

/** Of the one author, or of all of them when they share a domain (RFC 9989 §5.3.1); in ASCII, lower case. */
function authorDomain(header: HeaderBlock): string | undefined {
  const [from, ...more] = header.all('from');
  if (from === undefined || more.length > 0) return undefined;
  const domains = new Set<string>();
  for (const { address, group } of decodeAddresses(parseAddressList(from))) {
    const addresses = group === undefined ? [address] : group.members.map((member) => member.address);
    for (const one of addresses) domains.add(normalizeDomain(domainOf(one)) ?? '');
  }
  const [domain = '', ...others] = domains;
  return others.length > 0 || domain === '' ? undefined : domain;
}
