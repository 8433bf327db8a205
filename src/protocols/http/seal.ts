/** What we gave out ourselves, recognised when it comes back: a tag over all its parts. */
import { createHmac, timingSafeEqual } from 'node:crypto';

const SEAL_BYTES = 16;

export function sealOf(secret: Uint8Array, ...parts: readonly string[]): string {
  const mac = createHmac('sha256', secret).update(parts.join('\0')).digest();
  return mac.subarray(0, SEAL_BYTES).toString('base64url');
}

export function isSealed(secret: Uint8Array, given: string, ...parts: readonly string[]): boolean {
  const [seal, right] = [Buffer.from(given), Buffer.from(sealOf(secret, ...parts))];
  return seal.length === right.length && timingSafeEqual(seal, right);
}
