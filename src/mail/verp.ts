/**
 * Envelope senders that tell which mail to which recipient came back (VERP): `bounces+<token>@domain`. The token holds the
 * mail's id, the recipient's number and a day, and is signed: nobody can make one up, and so nobody can make us believe
 * that a mail bounced which we never sent.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { fromBase32, toBase32 } from './base32.ts';

export interface VerpFacts {
  /** 24 hex digits: the id of the mail's queue entry. */
  readonly id: string;
  /** 0 to 65,535. */
  readonly recipient: number;
}

const PREFIX = 'bounces+';
const DAY_MS = 86_400_000;
const ID_BYTES = 12;
const SIGNATURE_BYTES = 10;
const TOKEN_BYTES = 2 + ID_BYTES + 2 + SIGNATURE_BYTES;
/** Bounces come within a week, nearly always; nothing is believed after this. */
const VALID_DAYS = 60;

/** The whole address: 50 characters before the '@'. `at` in milliseconds since 1970. */
export function verpAddress({ id, recipient }: VerpFacts, domain: string, secret: Uint8Array, at: number): string {
  if (!/^[0-9a-f]{24}$/.test(id)) throw new RangeError(`not an id: ${id.slice(0, 40)}`);
  const facts = Buffer.alloc(TOKEN_BYTES - SIGNATURE_BYTES);
  facts.writeUInt16BE(Math.floor(at / DAY_MS) & 0xffff, 0);
  facts.write(id, 2, 'hex');
  facts.writeUInt16BE(recipient, 2 + ID_BYTES);
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
  const age = (Math.floor(now / DAY_MS) - facts.readUInt16BE(0)) & 0xffff;
  // A day ahead is a clock that was set back.
  if (age > VALID_DAYS && age !== 0xffff) return undefined;
  return { id: facts.toString('hex', 2, 2 + ID_BYTES), recipient: facts.readUInt16BE(2 + ID_BYTES) };
}

function sign(facts: Uint8Array, domain: string, secret: Uint8Array): Buffer {
  const hmac = createHmac('sha256', secret).update('verp\0').update(domain.toLowerCase()).update('\0').update(facts);
  return hmac.digest().subarray(0, SIGNATURE_BYTES);
}
