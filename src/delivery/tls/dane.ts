/** DANE for SMTP (RFC 7672): does the certificate that a server showed match its TLSA records? */
import { createHash, X509Certificate } from 'node:crypto';
import type { DetailedPeerCertificate, TLSSocket } from 'node:tls';
import { isCurrent, issued } from '../../net/issued.ts';
import type { TlsaRecord } from '../../ports/resolver.ts';

/** Certificate usages (RFC 7218); 0 and 1 have no meaning for SMTP (RFC 7672 §3.1.3). */
const DANE_TA = 2;
const DANE_EE = 3;
const MAX_CHAIN = 10;

const DIGESTS = new Map([
  [1, { name: 'sha256', size: 32 }],
  [2, { name: 'sha512', size: 64 }],
]);

export function isUsable({ usage, selector, matchingType, data }: TlsaRecord): boolean {
  if ((usage !== DANE_TA && usage !== DANE_EE) || (selector !== 0 && selector !== 1)) return false;
  return matchingType === 0 ? data.length > 0 : DIGESTS.get(matchingType)?.size === data.length;
}

/** Undefined when one of the (usable) records matches; else what is wrong. */
export function daneFault(socket: TLSSocket, records: readonly TlsaRecord[], host: string): string | undefined {
  const chain = chainOf(socket);
  return chainFault(chain, records, host, Date.now());
}

export function chainFault(
  chain: readonly X509Certificate[],
  records: readonly TlsaRecord[],
  host: string,
  now: number,
): string | undefined {
  const [leaf] = chain;
  if (leaf === undefined) return 'the server shows no certificate';
  // The record itself says who the server is: neither names nor dates count (RFC 7672 §3.1.1).
  if (records.some((record) => record.usage === DANE_EE && matches(leaf, record))) return undefined;
  const anchors = records.filter(({ usage }) => usage === DANE_TA);
  for (const [i, issuer] of chain.entries()) {
    if (i === 0) continue;
    if (!issued(chain[i - 1], issuer)) break;
    if (!anchors.some((record) => matches(issuer, record))) continue;
    if (!chain.slice(0, i + 1).every((one) => isCurrent(one, now))) return 'a certificate is out of date';
    // A trust anchor vouches for a name (RFC 7672 §3.1.2).
    return leaf.checkHost(host) === undefined ? `the certificate does not name ${host}` : undefined;
  }
  return 'no TLSA record matches the certificate';
}

function matches(certificate: X509Certificate, { selector, matchingType, data }: TlsaRecord): boolean {
  const bytes = selector === 0 ? certificate.raw : certificate.publicKey.export({ type: 'spki', format: 'der' });
  const digest = DIGESTS.get(matchingType);
  const shown = digest ? createHash(digest.name).update(bytes).digest() : bytes;
  return shown.equals(data);
}

/** From the server's own certificate up, as far as it sent them. */
function chainOf(socket: TLSSocket): readonly X509Certificate[] {
  const chain: X509Certificate[] = [];
  let next: DetailedPeerCertificate | undefined = socket.getPeerCertificate(true);
  // A root is its own issuer.
  for (let seen: unknown; next?.raw !== undefined && next !== seen && chain.length < MAX_CHAIN; ) {
    chain.push(new X509Certificate(next.raw));
    seen = next;
    next = next.issuerCertificate;
  }
  return chain;
}
