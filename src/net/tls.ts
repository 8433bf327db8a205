/** The service's own certificates: what every TLS handshake uses, replaceable while running. */
import { constants, X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import type { SecureContext, SecureContextOptions, TlsOptions } from 'node:tls';

export interface KeyPair {
  /** PEM; the chain after the certificate. */
  readonly cert: string;
  readonly key: string;
}

/** RFC 9325 §4.2: forward secrecy and authenticated encryption, or nothing. The first three are those of TLS 1.3. */
const CIPHERS = [
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
  'TLS_AES_128_GCM_SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-CHACHA20-POLY1305',
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
].join(':');

interface Contexts {
  readonly standard: SecureContext;
  /** By host name in lower case; `*.domain` for a wildcard. */
  readonly byName: ReadonlyMap<string, SecureContext>;
}

export class TlsIdentity {
  #contexts: Contexts;
  #standard: KeyPair;
  readonly #listeners = new Set<() => void>();

  /** The first pair is for who names no host, or one that no pair has. */
  constructor(pair: KeyPair, ...others: KeyPair[]) {
    this.#contexts = contextsOf([pair, ...others]);
    this.#standard = pair;
  }

  /** What the server's side of one connection is made with. */
  get options(): Pick<TlsOptions, 'SNICallback' | 'secureContext'> {
    return {
      secureContext: this.#contexts.standard,
      SNICallback: (host, answer) => answer(null, this.contextFor(host)),
    };
  }

  /** For a server of Node's that makes the connections itself; it is to be told again whenever they are replaced. */
  get serverOptions(): SecureContextOptions & Pick<TlsOptions, 'SNICallback'> {
    return { ...settingsOf(this.#standard), SNICallback: (host, answer) => answer(null, this.contextFor(host)) };
  }

  /** RFC 6066 §3: the client has named the host. */
  contextFor(host: string): SecureContext {
    const { standard, byName } = this.#contexts;
    const name = host.toLowerCase();
    return byName.get(name) ?? byName.get(`*${name.slice(name.indexOf('.'))}`) ?? standard;
  }

  /** From the next handshake on. Throws, and keeps the old ones, when a new one is no good. */
  replace(pair: KeyPair, ...others: KeyPair[]): void {
    this.#contexts = contextsOf([pair, ...others]);
    this.#standard = pair;
    for (const listener of this.#listeners) listener();
  }

  onReplaced(listener: () => void): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) };
  }
}

/** The DNS names of a certificate, in lower case. */
export function namesOf({ subjectAltName = '' }: X509Certificate): readonly string[] {
  return subjectAltName
    .split(', ')
    .map((name) => /^DNS:([A-Za-z0-9.*_-]{1,253})$/.exec(name)?.[1]?.toLowerCase() ?? '')
    .filter((name) => name !== '');
}

/** Throws when certificate and key are none, or do not belong together. */
export function contextOf(pair: KeyPair): SecureContext {
  return createSecureContext(settingsOf(pair));
}

function settingsOf({ cert, key }: KeyPair): SecureContextOptions {
  return {
    cert,
    key,
    minVersion: 'TLSv1.2',
    ciphers: CIPHERS,
    honorCipherOrder: true,
    // A handshake costs us more than the client: one for each connection (C26).
    secureOptions: constants.SSL_OP_NO_RENEGOTIATION,
    sessionIdContext: 'pabal',
  };
}

function contextsOf(pairs: readonly [KeyPair, ...KeyPair[]]): Contexts {
  const [first] = pairs;
  const standard = contextOf(first);
  const byName = new Map<string, SecureContext>();
  for (const pair of pairs) {
    const context = pair === first ? standard : contextOf(pair);
    // Who comes first keeps a name.
    for (const name of namesOf(new X509Certificate(pair.cert))) if (!byName.has(name)) byName.set(name, context);
  }
  return { standard, byName };
}
