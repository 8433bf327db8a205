/** The certificate that is made when none is given: for `localhost` and this host's name, kept over restarts. */
import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { join } from 'node:path';
import type { KeyPair } from './tls.ts';
import { writeWholeFile } from './whole-file.ts';

const DAY_MS = 86_400_000;
const VALID_DAYS = 3650;
/** A certificate with less time left than this is made anew. */
const RENEW_DAYS = 30;

/** Reads `folder/self-signed.pem` (mode 0600), or makes it; a damaged, ending or otherwise named one is replaced. */
export async function selfSignedCertificate(folder: string, names: readonly string[]): Promise<KeyPair> {
  const file = join(folder, 'self-signed.pem');
  const wanted = [...new Set(['localhost', '127.0.0.1', '::1', ...names])];
  const kept = await readFile(file, 'utf8').catch(() => undefined);
  if (kept !== undefined && serves(kept, wanted)) return splitPem(kept);
  const { generate } = await import('selfsigned');
  const made = await generate([{ name: 'commonName', value: names[0] ?? 'localhost' }], {
    keyType: 'ec',
    curve: 'P-256',
    algorithm: 'sha256',
    notAfterDate: new Date(Date.now() + VALID_DAYS * DAY_MS),
    extensions: [
      { name: 'basicConstraints', cA: false, critical: true },
      { name: 'keyUsage', digitalSignature: true, critical: true },
      { name: 'extKeyUsage', serverAuth: true },
      {
        name: 'subjectAltName',
        altNames: wanted.map((name) =>
          isIP(name) === 0 ? { type: 2 as const, value: name } : { type: 7 as const, ip: name },
        ),
      },
    ],
  });
  const text = `${made.cert.trim()}\n${made.private.trim()}\n`;
  await writeWholeFile(file, text);
  return splitPem(text);
}

/** Certificate and chain, then the key, as one text. */
export function splitPem(text: string): KeyPair {
  const at = text.search(/-----BEGIN [A-Z ]*PRIVATE KEY-----/);
  return { cert: text.slice(0, at), key: text.slice(at) };
}

function serves(text: string, names: readonly string[]): boolean {
  try {
    const certificate = new X509Certificate(splitPem(text).cert);
    return (
      certificate.validToDate.getTime() - Date.now() > RENEW_DAYS * DAY_MS &&
      names.every((name) =>
        isIP(name) === 0 ? certificate.checkHost(name) !== undefined : certificate.checkIP(name) !== undefined,
      )
    );
  } catch {
    return false;
  }
}
