/** What one certificate says of another, and when. */
import type { X509Certificate } from 'node:crypto';

/** The issuer may issue, is named as such, and its key has signed. */
export function issued(child: X509Certificate | undefined, issuer: X509Certificate): boolean {
  return child !== undefined && issuer.ca && child.checkIssued(issuer) && child.verify(issuer.publicKey);
}

/** `now` in milliseconds since 1970. */
export function isCurrent(certificate: X509Certificate, now: number): boolean {
  return certificate.validFromDate.getTime() <= now && now <= certificate.validToDate.getTime();
}
