/** The certificate with which the service shows who it is. */
import { readFile } from 'node:fs/promises';
import type { Config } from '../config/schema.ts';
import { selfSignedCertificate } from '../net/certificate.ts';
import { TlsIdentity } from '../net/tls.ts';
import type { DataFolder } from './data-folder.ts';
import { StartError } from './start-error.ts';

/** The one that the configuration names, else one that is made here and kept. Throws `StartError`. */
export async function tlsIdentity({ tls, hostname }: Config, folder: DataFolder): Promise<TlsIdentity> {
  if (tls.cert === '' && tls.key === '')
    return new TlsIdentity(await selfSignedCertificate(folder.file('tls'), [hostname]));
  try {
    return new TlsIdentity({ cert: await readFile(tls.cert, 'utf8'), key: await readFile(tls.key, 'utf8') });
  } catch (error) {
    throw new StartError(
      `tls.cert and tls.key: ${(error as Error).message}: name a certificate and its key in PEM, or neither`,
      {
        cause: error,
      },
    );
  }
}
