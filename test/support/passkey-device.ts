/** A device that makes passkeys and answers with them, as browsers hand it on (WebAuthn Level 3 §5.1.8, §6.1). ES256 only. */
import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import { isoCBOR } from '@simplewebauthn/server/helpers';

const base64url = (bytes: Uint8Array | string): string => Buffer.from(bytes).toString('base64url');
const sha256 = (bytes: Uint8Array | string): Buffer => createHash('sha256').update(bytes).digest();

export interface PasskeyOptions {
  readonly challenge: string;
  readonly rp?: { readonly id: string };
  readonly rpId?: string;
  readonly user?: { readonly id: string };
}

const FLAG = { present: 1, verified: 4, made: 64 } as const;

export class PasskeyDevice {
  readonly origin: string;
  readonly #id = randomBytes(16);
  readonly #private: KeyObject;
  readonly #public: { readonly x?: string; readonly y?: string };
  #user = '';
  counter = 0;
  /** What it says of its owner: that it made sure of him. */
  verifies = true;

  /** `origin`: of the page that asks. */
  constructor(origin: string) {
    this.origin = origin;
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    this.#private = privateKey;
    this.#public = publicKey.export({ format: 'jwk' });
  }

  /** `format`: as whom it presents itself. */
  make({ challenge, rp, user }: PasskeyOptions, format = 'none') {
    this.#user = user?.id ?? '';
    const point = (name: 'x' | 'y') => Buffer.from(this.#public[name] ?? '', 'base64url');
    // COSE_Key (RFC 9053 §7.1): EC2, ES256, P-256.
    const key = isoCBOR.encode(
      new Map<number, number | Uint8Array>([
        [1, 2],
        [3, -7],
        [-1, 1],
        [-2, new Uint8Array(point('x'))],
        [-3, new Uint8Array(point('y'))],
      ]),
    );
    const length = Buffer.alloc(2);
    length.writeUInt16BE(this.#id.length);
    const data = Buffer.concat([this.#data(rp?.id ?? '', FLAG.made), Buffer.alloc(16), length, this.#id, key]);
    const attestation = isoCBOR.encode(
      new Map<string, unknown>([
        ['fmt', format],
        ['attStmt', new Map()],
        ['authData', new Uint8Array(data)],
      ]) as never,
    );
    return this.#credential({
      clientDataJSON: this.#clientData('webauthn.create', challenge),
      attestationObject: base64url(attestation),
    });
  }

  answer({ challenge, rpId = '' }: PasskeyOptions) {
    this.counter++;
    const data = this.#data(rpId);
    const clientDataJSON = this.#clientData('webauthn.get', challenge);
    const signed = Buffer.concat([data, sha256(Buffer.from(clientDataJSON, 'base64url'))]);
    return this.#credential({
      clientDataJSON,
      authenticatorData: base64url(data),
      signature: base64url(sign('sha256', signed, this.#private)),
      userHandle: this.#user,
    });
  }

  #credential<R>(response: R) {
    const id = base64url(this.#id);
    return { id, rawId: id, type: 'public-key' as const, response, clientExtensionResults: {} };
  }

  #clientData(type: string, challenge: string): string {
    return base64url(JSON.stringify({ type, challenge, origin: this.origin, crossOrigin: false }));
  }

  #data(site: string, more = 0): Buffer {
    const tail = Buffer.alloc(5);
    tail[0] = FLAG.present | (this.verifies ? FLAG.verified : 0) | more;
    tail.writeUInt32BE(this.counter, 1);
    return Buffer.concat([sha256(site), tail]);
  }
}

const ofDevice = <R>(response: R) => ({ id: 'AAAA', rawId: 'AAAA', type: 'public-key', response });
/** What no device has made, or answered. */
export const NO_PASSKEY = ofDevice({ clientDataJSON: 'AAAA', attestationObject: 'AAAA' });
export const NO_ANSWER = ofDevice({
  clientDataJSON: 'AAAA',
  authenticatorData: 'AAAA',
  signature: 'AAAA',
  userHandle: 'AAAA',
});
