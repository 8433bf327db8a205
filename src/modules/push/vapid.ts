/** Who pushes (RFC 8292): a key pair of this service, made once, and tokens signed with it for each push service. */
import { createECDH, createPrivateKey, type KeyObject, sign } from 'node:crypto';
import { type CommitId, type KeyValueStore, partition } from '../../ports/kv.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Random } from '../../ports/random.ts';

const KEYS = partition('c', 'web-push');
const ROW = Buffer.from('vapid');
/** RFC 8292 §2: at most a day. */
const TOKEN_SECONDS = 12 * 3600;
const MOST_TOKENS = 100;

export interface VapidParts {
  readonly kv: KeyValueStore;
  readonly clock: Clock;
  readonly random: Random;
  /** "mailto:" or "https:": whom a push service may ask about us. */
  readonly contact: string;
}

export class Vapid {
  /** Uncompressed P-256 point in base64url: what browsers want as `applicationServerKey`. */
  readonly publicKey: string;
  readonly #key: KeyObject;
  readonly #clock: Clock;
  readonly #contact: string;
  /** By push service; the oldest first. */
  readonly #tokens = new Map<string, { readonly token: string; readonly until: number }>();

  private constructor(secret: Buffer, { clock, contact }: VapidParts) {
    const pair = createECDH('prime256v1');
    pair.setPrivateKey(secret);
    const point = pair.getPublicKey();
    this.publicKey = point.toString('base64url');
    this.#key = createPrivateKey({
      format: 'jwk',
      key: {
        kty: 'EC',
        crv: 'P-256',
        d: secret.toString('base64url'),
        x: point.subarray(1, 33).toString('base64url'),
        y: point.subarray(33).toString('base64url'),
      },
    });
    this.#clock = clock;
    this.#contact = contact;
  }

  /** Makes the keys at the first start. Subscriptions are bound to them: others would end all. */
  static async open(parts: VapidParts): Promise<Vapid> {
    const { kv, random } = parts;
    for (;;) {
      const { version } = await kv.head(KEYS);
      const [kept] = await kv.get(KEYS, [ROW]);
      if (kept !== undefined) return new Vapid(Buffer.from(kept), parts);
      const pair = createECDH('prime256v1');
      pair.generateKeys();
      // Without leading zeros the point would be another one.
      const secret = Buffer.from(pair.getPrivateKey('hex').padStart(64, '0'), 'hex');
      const id = `vapid.${Buffer.from(random.bytes(12)).toString('base64url')}` as CommitId;
      // Whatever came of it: the row is read again.
      await kv.commit(KEYS, version, version + 1, { put: [[ROW, secret]] }, id);
    }
  }

  /** Value of the Authorization field for a push service. */
  authorization(endpoint: URL): string {
    const seconds = Math.floor(this.#clock.now() / 1000);
    const known = this.#tokens.get(endpoint.origin);
    if (known !== undefined && known.until - seconds > TOKEN_SECONDS / 2) return this.#field(known.token);
    const until = seconds + TOKEN_SECONDS;
    const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
    const claims = { aud: endpoint.origin, exp: until, sub: this.#contact };
    const text = `${part({ typ: 'JWT', alg: 'ES256' })}.${part(claims)}`;
    const signature = sign('sha256', Buffer.from(text), { key: this.#key, dsaEncoding: 'ieee-p1363' });
    const token = `${text}.${signature.toString('base64url')}`;
    this.#tokens.delete(endpoint.origin);
    this.#tokens.set(endpoint.origin, { token, until });
    for (const origin of this.#tokens.keys()) if (this.#tokens.size > MOST_TOKENS) this.#tokens.delete(origin);
    return this.#field(token);
  }

  #field(token: string): string {
    return `vapid t=${token}, k=${this.publicKey}`;
  }
}
