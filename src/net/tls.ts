/** The service's own certificate: what every TLS handshake uses, replaceable while running. */
import { constants } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import type { SecureContext } from 'node:tls';

export interface KeyPair {
  /** PEM; the chain after the certificate. */
  readonly cert: string;
  readonly key: string;
}

export class TlsIdentity {
  #context: SecureContext;

  constructor(pair: KeyPair) {
    this.#context = makeContext(pair);
  }

  get context(): SecureContext {
    return this.#context;
  }

  /** From the next handshake on. Throws, and keeps the old pair, when the new one is no good. */
  replace(pair: KeyPair): void {
    this.#context = makeContext(pair);
  }
}

function makeContext({ cert, key }: KeyPair): SecureContext {
  return createSecureContext({
    cert,
    key,
    minVersion: 'TLSv1.2',
    honorCipherOrder: true,
    // A handshake costs us more than the client: one for each connection (C26).
    secureOptions: constants.SSL_OP_NO_RENEGOTIATION,
    sessionIdContext: 'pabal',
  });
}
