/** Certificates for tests: an authority that nobody trusts by itself, and what it signs. */
import { generate } from 'selfsigned';
import type { KeyPair } from '../../src/net/tls.ts';

export class TestAuthority {
  readonly pair: KeyPair;

  private constructor(pair: KeyPair) {
    this.pair = pair;
  }

  static async make(name = 'test authority'): Promise<TestAuthority> {
    const { cert, private: key } = await generate([{ name: 'commonName', value: name }], {
      ...EC,
      notAfterDate: new Date(Date.now() + DAY),
      extensions: [
        { name: 'basicConstraints', cA: true, critical: true },
        { name: 'keyUsage', keyCertSign: true, digitalSignature: true, critical: true },
      ],
    });
    return new TestAuthority({ cert, key });
  }

  /** For a host, with this authority's own certificate behind it. */
  async issue(host: string, validTo = new Date(Date.now() + DAY)): Promise<KeyPair> {
    const { cert, private: key } = await generate([{ name: 'commonName', value: host }], {
      ...EC,
      notBeforeDate: new Date(Date.now() - 30 * DAY),
      notAfterDate: validTo,
      extensions: [
        { name: 'basicConstraints', cA: false },
        { name: 'subjectAltName', altNames: [{ type: 2, value: host }] },
      ],
      ca: this.pair,
    });
    return { cert: `${cert.trim()}\n${this.pair.cert.trim()}\n`, key };
  }
}

const EC = { keyType: 'ec', curve: 'P-256', algorithm: 'sha256' } as const;
const DAY = 86_400_000;
