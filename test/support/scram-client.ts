/** The client's side of SCRAM-SHA-256 (RFC 5802 §3), and a server's that knows one password. */
import { createHash, createHmac, pbkdf2Sync } from 'node:crypto';
import { scramKeys, type ScramOffer, scramProves, scramSignature } from '../../src/net/scram.ts';

const b64 = (text: string | Uint8Array): string => Buffer.from(text).toString('base64');
const hmac = (key: Uint8Array, data: Uint8Array | string): Buffer => createHmac('sha256', key).update(data).digest();

export interface ScramClientOptions {
  readonly gs2Header?: string;
  readonly binding?: Uint8Array;
  readonly nonce?: string;
}

export class ScramClient {
  readonly #password: string;
  readonly #header: string;
  readonly #binding: Uint8Array;
  readonly #bare: string;
  /** Of the server's last message, when it is right. */
  expected = '';

  constructor(name: string, password: string, options: ScramClientOptions = {}) {
    this.#password = password;
    this.#header = options.gs2Header ?? 'n,,';
    this.#binding = options.binding ?? Buffer.alloc(0);
    this.#bare = `n=${name.replaceAll('=', '=3D').replaceAll(',', '=2C')},r=${options.nonce ?? 'rOprNGfwEbeRWgbNEkqO'}`;
  }

  /** Base64, as all messages here. */
  get first(): string {
    return b64(this.#header + this.#bare);
  }

  final(challenge: string, change: (message: string) => string = (message) => message): string {
    const server = Buffer.from(challenge, 'base64').toString();
    const [, nonce = '', salt = '', iterations = ''] = /^r=(.+),s=(.+),i=(\d+)$/.exec(server) ?? [];
    const salted = pbkdf2Sync(this.#password, Buffer.from(salt, 'base64'), Number(iterations), 32, 'sha256');
    const clientKey = hmac(salted, 'Client Key');
    const withoutProof = `c=${b64(Buffer.concat([Buffer.from(this.#header), this.#binding]))},r=${nonce}`;
    const message = `${this.#bare},${server},${withoutProof}`;
    const proof = hmac(createHash('sha256').update(clientKey).digest(), message).map(
      (byte, i) => byte ^ (clientKey[i] ?? 0),
    );
    this.expected = b64(`v=${b64(hmac(hmac(salted, 'Server Key'), message))}`);
    return b64(change(`${withoutProof},p=${b64(proof)}`));
  }
}

/** `enter` throws what the right one finds; `wrong` what a wrong one hears. */
export function offerFor<T>(password: string, enter: () => Promise<T>, wrong: () => Promise<T>): ScramOffer<T> {
  const salt = Buffer.from('sixteen bytes of');
  const keys = scramKeys(pbkdf2Sync(password, salt, 4096, 32, 'sha256'));
  return {
    salt,
    iterations: 4096,
    nonce: 'server-nonce',
    prove: async (authMessage, proof) => {
      const who = await (scramProves(keys, authMessage, proof) ? enter() : wrong());
      return { who, signature: scramSignature(keys, authMessage) };
    },
  };
}
