/** SCRAM-SHA-256 (RFC 5802, RFC 7677), the server's side: messages, and what is computed of them. */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { SaslError, saslDecode, saslText, saslValue } from './sasl-error.ts';

/** What a server keeps of a password: who has it can check the password, and cannot sign in with it. */
export interface ScramKeys {
  readonly storedKey: Uint8Array;
  readonly serverKey: Uint8Array;
}

export interface ScramParameters {
  readonly salt: Uint8Array;
  readonly iterations: number;
}

/** What the server says to a name, and how it judges the answer. */
export interface ScramOffer<T> extends ScramParameters {
  /** The server's part of it. */
  readonly nonce: string;
  /** Throws what a wrong password throws. The signature proves to the client that the server knows the keys. */
  prove(authMessage: Uint8Array, proof: Uint8Array): Promise<{ readonly who: T; readonly signature: Uint8Array }>;
}

/** The same offer, for what becomes of who accepts it. */
export function mappedOffer<T, U>(offer: ScramOffer<T>, to: (who: T) => U): ScramOffer<U> {
  return {
    ...offer,
    async prove(authMessage, proof) {
      const { who, signature } = await offer.prove(authMessage, proof);
      return { who: to(who), signature };
    },
  };
}

export interface ClientFirst {
  /** With both commas. */
  readonly gs2Header: string;
  /** `n`: the client has no channel binding; `y`: it has, and thinks that we have none; else the type that it uses. */
  readonly binding: 'n' | 'y' | { readonly type: string };
  readonly name: string;
  readonly nonce: string;
  readonly bare: string;
}

export interface ClientFinal {
  /** The header again, and what binds the channel. */
  readonly binding: Buffer;
  readonly nonce: string;
  readonly proof: Buffer;
  readonly withoutProof: string;
}

const NONCE = /^[\x21-\x2b\x2d-\x7e]{1,512}$/;
const EXTENSION = /^[A-Za-z]=/;
const KEY_BYTES = 32;

/** `salted`: PBKDF2 (HMAC-SHA-256, 32 bytes) of the password. */
export function scramKeys(salted: Uint8Array): ScramKeys {
  return { storedKey: sha256(hmac(salted, 'Client Key')), serverKey: hmac(salted, 'Server Key') };
}

export function scramProves({ storedKey }: ScramKeys, authMessage: Uint8Array, proof: Uint8Array): boolean {
  const clientKey = hmac(storedKey, authMessage);
  for (let i = 0; i < clientKey.length; i++) clientKey[i] = (clientKey[i] ?? 0) ^ (proof[i] ?? 0);
  return proof.length === KEY_BYTES && timingSafeEqual(sha256(clientKey), storedKey);
}

export function scramSignature({ serverKey }: ScramKeys, authMessage: Uint8Array): Uint8Array {
  return hmac(serverKey, authMessage);
}

export function parseClientFirst(message: Uint8Array): ClientFirst {
  const text = saslText(message);
  const [flag = '', authorize = '', name = '', nonce = '', ...extensions] = text.split(',');
  const binding = bindingOf(flag);
  const user = nameOf(name, 'n=');
  // Nobody acts for somebody else; a client that repeats its own name means nothing by it.
  if (authorize !== '' && nameOf(authorize, 'a=') !== user) throw new SaslError('malformed');
  if (!nonce.startsWith('r=') || !NONCE.test(nonce.slice(2))) throw new SaslError('malformed');
  if (!extensions.every((one) => EXTENSION.test(one))) throw new SaslError('malformed');
  const gs2Header = `${flag},${authorize},`;
  return { gs2Header, binding, name: user, nonce: nonce.slice(2), bare: text.slice(gs2Header.length) };
}

export function parseClientFinal(message: Uint8Array): ClientFinal {
  const text = saslText(message);
  const end = text.lastIndexOf(',p=');
  if (end === -1) throw new SaslError('malformed');
  const [binding = '', nonce = '', ...extensions] = text.slice(0, end).split(',');
  if (!binding.startsWith('c=') || !nonce.startsWith('r=')) throw new SaslError('malformed');
  if (!extensions.every((one) => EXTENSION.test(one))) throw new SaslError('malformed');
  const proof = saslDecode(text.slice(end + 3));
  if (proof.length !== KEY_BYTES) throw new SaslError('malformed');
  return {
    binding: saslDecode(binding.slice(2)),
    nonce: nonce.slice(2),
    proof,
    withoutProof: text.slice(0, end),
  };
}

function bindingOf(flag: string): ClientFirst['binding'] {
  if (flag === 'n' || flag === 'y') return flag;
  if (!/^p=[A-Za-z0-9.-]{1,64}$/.test(flag)) throw new SaslError('malformed');
  return { type: flag.slice(2) };
}

/** RFC 5802 §5.1: a comma is `=2C`, an equals sign `=3D`, and nothing else is written so. */
function nameOf(attribute: string, prefix: string): string {
  const coded = attribute.slice(prefix.length);
  if (!attribute.startsWith(prefix) || /=(?!2C|3D)/.test(coded)) throw new SaslError('malformed');
  return saslValue(Buffer.from(coded.replaceAll('=2C', ',').replaceAll('=3D', '=')));
}

function hmac(key: Uint8Array, data: Uint8Array | string): Buffer {
  return createHmac('sha256', key).update(data).digest();
}

function sha256(data: Uint8Array): Buffer {
  return createHash('sha256').update(data).digest();
}
