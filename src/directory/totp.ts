/** Codes of authenticator programs: HOTP (RFC 4226) by the time (RFC 6238), six digits of SHA-1, 30 seconds each: what every program knows. */
import { createHmac, timingSafeEqual } from 'node:crypto';

const STEP_MS = 30_000;
const DIGITS = 6;
const CODE = /^[0-9]{6}$/;
/** Steps before and after now that count: clocks differ, and people type slowly (RFC 6238 §5.2). */
const SKEW = 1;

/** RFC 4226 §5.3. */
export function hotp(secret: Uint8Array, counter: number): string {
  const message = Buffer.alloc(8);
  message.writeBigUInt64BE(BigInt(counter));
  const mac = createHmac('sha1', secret).update(message).digest();
  const offset = (mac[mac.length - 1] as number) & 0x0f;
  const number = mac.readUInt32BE(offset) & 0x7fff_ffff;
  return String(number % 10 ** DIGITS).padStart(DIGITS, '0');
}

/** The time step whose code this is, later than `after`; undefined: it is none that counts now. */
export function totpStep(secret: Uint8Array, code: string, now: number, after: number): number | undefined {
  const typed = code.replaceAll(' ', '');
  if (!CODE.test(typed)) return undefined;
  const current = Math.floor(now / STEP_MS);
  let found: number | undefined;
  // All of them, whichever it is: how long it takes says nothing.
  for (let step = current - SKEW; step <= current + SKEW; step++)
    if (timingSafeEqual(Buffer.from(hotp(secret, step)), Buffer.from(typed)) && step > after) found ??= step;
  return found;
}
