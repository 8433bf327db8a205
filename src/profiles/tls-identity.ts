/** The certificates with which the service shows who it is. */
import { readFile } from 'node:fs/promises';
import type { Config } from '../config/schema.ts';
import { selfSignedCertificate } from '../net/certificate.ts';
import { type CertificateParts, Certificates, type CertificateSource } from '../net/certificates.ts';
import type { DataFolder } from './data-folder.ts';
import { StartError } from './start-error.ts';

/** The one that the configuration names, then those that `others` brings, else one that is made here and kept. Throws `StartError`. */
export async function openCertificates(
  { tls, hostname }: Config,
  folder: DataFolder,
  parts: CertificateParts,
  others: readonly CertificateSource[] = [],
): Promise<Certificates> {
  const made = { name: 'self-signed', read: () => selfSignedCertificate(folder.file('tls'), [hostname]) };
  const given = {
    name: 'tls.cert',
    read: async () => ({ cert: await readFile(tls.cert, 'utf8'), key: await readFile(tls.key, 'utf8') }),
  };
  const named = tls.cert !== '' || tls.key !== '';
  try {
    return await Certificates.open(named ? [given, ...others] : [...others, made], parts);
  } catch (error) {
    throw new StartError(
      `tls.cert and tls.key: ${(error as Error).message}: name a certificate and its key in PEM, or neither`,
      { cause: error },
    );
  }
}
