/**
 * Envelope senders that tell which mail came back, and from where (VERP): `bounces+<token>@domain`. The token holds the sender's
 * account, the mail's id, which of its deliveries it was and a day, and is signed: nobody can make one up, and so nobody can make
 * us believe that a mail bounced which we never sent.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { fromBase32, toBase32 } from './base32.ts';

export interface VerpFacts {
  /** 24 hex digits each: of the sender's account, and of the mail. */
  readonly account: string;
  readonly id: string;
  /** Which delivery of the mail; 0 to 65,535. */
  readonly part: number;
}

const PREFIX = 'bounces+';
const DAY_MS = 86_400_000;
const ID_BYTES = 12;
const PART_AT = 1 + 2 * ID_BYTES;
/** As many as fit: 64 characters before the '@' are what every server takes (RFC 5321 §4.5.3.1.1). */
const SIGNATURE_BYTES = 8;
const TOKEN_BYTES = PART_AT + 2 + SIGNATURE_BYTES;
/** The day has one byte: it comes again after this many. */
const CYCLE = 256;
/** Bounces come within a week, nearly always; nothing is believed after this. */
const VALID_DAYS = 60;

/** The whole address: 64 characters before the '@'. `at` in milliseconds since 1970. */
export function verpAddress({ account, id, part }: VerpFacts, domain: string, secret: Uint8Array, at: number): string {
  for (const one of [account, id])
    if (!/^[0-9a-f]{24}$/.test(one)) throw new RangeError(`not an id: ${one.slice(0, 40)}`);
  const facts = Buffer.alloc(TOKEN_BYTES - SIGNATURE_BYTES);
  facts[0] = Math.floor(at / DAY_MS) % CYCLE;
  facts.write(account, 1, 'hex');
  facts.write(id, 1 + ID_BYTES, 'hex');
  facts.writeUInt16BE(part, PART_AT);
  return `${PREFIX}${toBase32(Buffer.concat([facts, sign(facts, domain, secret)]))}@${domain}`;
}

/** Is this local part meant to be one of these? */
export function isVerp(local: string): boolean {
  return local.slice(0, PREFIX.length).toLowerCase() === PREFIX;
}

/** What we wrote into an address; undefined when we did not write it, or too long ago. Upper and lower case are one. */
export function readVerp(address: string, secret: Uint8Array, now: number): VerpFacts | undefined {
  const at = address.lastIndexOf('@');
  const local = address.slice(0, Math.max(0, at));
  if (!isVerp(local) || local.length > 100) return undefined;
  const bytes = fromBase32(local.slice(PREFIX.length));
  if (bytes?.length !== TOKEN_BYTES) return undefined;
  const facts = bytes.subarray(0, TOKEN_BYTES - SIGNATURE_BYTES);
  const domain = address.slice(at + 1).toLowerCase();
  if (!timingSafeEqual(bytes.subarray(TOKEN_BYTES - SIGNATURE_BYTES), sign(facts, domain, secret))) return undefined;
  const age = (Math.floor(now / DAY_MS) - facts[0]! + CYCLE) % CYCLE;
  // A day ahead is a clock that was set back.
  if (age > VALID_DAYS && age !== CYCLE - 1) return undefined;
  return {
    account: facts.toString('hex', 1, 1 + ID_BYTES),
    id: facts.toString('hex', 1 + ID_BYTES, PART_AT),
    part: facts.readUInt16BE(PART_AT),
  };
}

function sign(facts: Uint8Array, domain: string, secret: Uint8Array): Buffer {
  const hmac = createHmac('sha256', secret).update('verp\0').update(domain.toLowerCase()).update('\0').update(facts);
  return hmac.digest().subarray(0, SIGNATURE_BYTES);
}
