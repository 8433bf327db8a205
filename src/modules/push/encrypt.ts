/** What goes to a push service, which must not be able to read it (RFC 8291): one record of aes128gcm (RFC 8188). */
import { createCipheriv, createECDH, hkdfSync } from 'node:crypto';
import { MailError } from '../../mail/error.ts';

/** Of a subscription: who may read what is pushed. */
export interface PushKeys {
  /** P-256, uncompressed, 65 bytes in base64url. */
  readonly p256dh: string;
  /** 16 bytes in base64url. */
  readonly auth: string;
}

const KEY_BYTES = 65;
const AUTH_BYTES = 16;
const RECORD_BYTES = 4096;
/** RFC 8291 §4: a push service takes 4,096 bytes; head, delimiter and tag are part of them. */
export const MOST_PUSHED = RECORD_BYTES - 16 - 4 - 1 - KEY_BYTES - 1 - 16;

/** Throws `syntax` for keys that cannot be any. */
export function checkedKeys({ p256dh, auth }: PushKeys): { readonly key: Buffer; readonly auth: Buffer } {
  const key = Buffer.from(p256dh, 'base64url');
  const secret = Buffer.from(auth, 'base64url');
  if (key.length !== KEY_BYTES || key[0] !== 4 || secret.length !== AUTH_BYTES)
    throw new MailError('syntax', 'syntax', 'not the keys of a push subscription');
  try {
    const ours = createECDH('prime256v1');
    ours.generateKeys();
    ours.computeSecret(key);
  } catch (error) {
    throw new MailError('syntax', 'syntax', 'not a point of the curve P-256', { cause: error });
  }
  return { key, auth: secret };
}

/** `salt` (16 bytes) and `ourKey` (32 bytes) are random, and used once. At most `MOST_PUSHED` bytes. */
export function encryptPush(
  text: Uint8Array,
  keys: PushKeys,
  { salt, ourKey }: { readonly salt: Uint8Array; readonly ourKey: Uint8Array },
): Buffer {
  if (text.length > MOST_PUSHED) throw new MailError('too-large', 'bug', `a push of ${text.length} bytes`);
  const { key, auth } = checkedKeys(keys);
  const pair = createECDH('prime256v1');
  pair.setPrivateKey(ourKey);
  const ours = pair.getPublicKey();
  const shared = pair.computeSecret(key);
  const info = Buffer.concat([Buffer.from('WebPush: info\0'), key, ours]);
  const secret = derive(shared, auth, info, 32);
  const contentKey = derive(secret, salt, Buffer.from('Content-Encoding: aes128gcm\0'), 16);
  const nonce = derive(secret, salt, Buffer.from('Content-Encoding: nonce\0'), 12);
  const head = Buffer.alloc(5);
  head.writeUInt32BE(RECORD_BYTES, 0);
  head[4] = ours.length;
  const cipher = createCipheriv('aes-128-gcm', contentKey, nonce);
  // The delimiter of the last record (RFC 8188 §2).
  const sealed = [cipher.update(text), cipher.update(Uint8Array.of(2)), cipher.final(), cipher.getAuthTag()];
  return Buffer.concat([salt, head, ours, ...sealed]);
}

function derive(secret: Uint8Array, salt: Uint8Array, info: Uint8Array, bytes: number): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, salt, info, bytes));
}
