/**
 * Signing what leaves (RFC 6376, RFC 8463): each mail gets a signature with the RSA key and one with the Ed25519 key of its
 * author's domain, so that every verifier finds one it understands.
 */
import type { KeyObject } from 'node:crypto';
import { Readable } from 'node:stream';
import type { DkimKeys } from '../directory/dkim-keys.ts';
import { decodeAddresses, parseAddressList } from '../mail/address.ts';
import { HeaderBlock } from '../mail/header.ts';
import { normalizeDomain } from '../mail/path.ts';
import { LineWatch, unsignableHeader } from '../mail/signable.ts';
import type { Clock } from '../ports/clock.ts';
import type { Log } from '../telemetry/log.ts';
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
].join(':');

export class DkimSigner {
  readonly #parts: DkimSignerParts;

  constructor(parts: DkimSignerParts) {
    this.#parts = parts;
  }

  /**
   * The header lines to put in front of this message; empty when its author is not of our domains, or when it is nothing
   * that can be signed. The message goes by once, in pieces, and is not kept.
   */
  async sign(message: AsyncIterable<Uint8Array>): Promise<Buffer> {
    const pieces = message[Symbol.asyncIterator]();
    try {
      const head = await readHead(pieces);
      const end = head.indexOf('\r\n\r\n');
      const header = HeaderBlock.parse(end < 0 ? head : head.subarray(0, end + 2));
      const domain = authorDomain(header);
      if (domain === undefined) return NOTHING;
      const keys = await this.#parts.keys.signing(domain);
      if (keys.length === 0) return NOTHING;
      const problem = unsignableHeader(header);
      if (problem !== undefined) return this.#unsigned(domain, problem);
      const watch = new LineWatch();
      const { dkimSign } = await import('mailauth/lib/dkim/sign.js');
      const input = Readable.from(watched(head, pieces, watch));
      const signatureData = keys.map(({ selector, algorithm, privateKey }) => ({
        signingDomain: domain,
        selector,
        algorithm: `${algorithm}-sha256`,
        privateKey: pemOf(privateKey),
      }));
      const { signatures, errors } = await dkimSign(input, {
        ...signatureData[0]!,
        canonicalization: 'relaxed/relaxed',
        signTime: new Date(this.#parts.clock.now()),
        headerList: SIGNED_FIELDS,
        strict: true,
        signatureData,
      });
      if (watch.exceeded) return this.#unsigned(domain, 'a line is too long, or there are too many empty ones');
      const [first] = errors ?? [];
      if (first !== undefined) return this.#unsigned(domain, first.err.message);
      return Buffer.from(signatures);
    } finally {
      await pieces.return?.();
    }
  }

  #unsigned(domain: string, reason: string): Buffer {
    this.#parts.log.warn({ domain, reason }, 'a mail leaves without DKIM signature');
    return NOTHING;
  }
}

const NOTHING = Buffer.alloc(0);

const pems = new WeakMap<KeyObject, string>();

/** Written once for a key, not for each mail. */
function pemOf(key: KeyObject): string {
  let pem = pems.get(key);
  if (pem === undefined) pems.set(key, (pem = key.export({ type: 'pkcs8', format: 'pem' }) as string));
  return pem;
}

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

/** '' when there is no '@'. */
function domainOf(address: string): string {
  const at = address.lastIndexOf('@');
  return at < 0 ? '' : address.slice(at + 1);
}
