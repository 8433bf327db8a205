/** The certificates with which the service shows who it is. */
import { readFile } from 'node:fs/promises';
import type { Config } from '../config/schema.ts';
import { selfSignedCertificate } from '../net/certificate.ts';
import { Renewals } from '../net/acme/renewals.ts';
import { type CertificateParts, Certificates } from '../net/certificates.ts';
import type { DataFolder } from './data-folder.ts';
import { StartError } from './start-error.ts';

export interface OpenCertificates extends AsyncDisposable {
  readonly certificates: Certificates;
  /** Undefined when none come by ACME. */
  readonly renewals: Renewals | undefined;
}

/** The one that the configuration names, then those that come by ACME, else one that is made here and kept. Throws `StartError`. */
export async function openCertificates(
  config: Config,
  folder: DataFolder,
  parts: CertificateParts,
): Promise<OpenCertificates> {
  await using undo = new AsyncDisposableStack();
  const renewals = await openRenewals(config, folder, parts);
  if (renewals) undo.use(renewals);
  const certificates = undo.use(await openSources(config, folder, renewals, parts));
  if (renewals) renewals.onRenewed = () => certificates.reload();
  const owned = undo.move();
  return { certificates, renewals, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

async function openSources(
  { tls, hostname }: Config,
  folder: DataFolder,
  renewals: Renewals | undefined,
  parts: CertificateParts,
): Promise<Certificates> {
  const made = { name: 'self-signed', read: () => selfSignedCertificate(folder.file('tls'), [hostname]) };
  const given = {
    name: 'tls.cert',
    read: async () => ({ cert: await readFile(tls.cert, 'utf8'), key: await readFile(tls.key, 'utf8') }),
  };
  const named = tls.cert !== '' || tls.key !== '';
  const others = renewals?.sources ?? [];
  try {
    return await Certificates.open(named ? [given, ...others] : [...others, made], parts);
  } catch (error) {
    throw new StartError(
      `tls.cert and tls.key: ${(error as Error).message}: name a certificate and its key in PEM, or neither`,
      { cause: error },
    );
  }
}

async function openRenewals(
  { acme, hostname }: Config,
  folder: DataFolder,
  parts: CertificateParts,
): Promise<Renewals | undefined> {
  if (acme.directory === '') return undefined;
  let ca: string | undefined;
  try {
    if (acme.ca !== '') ca = await readFile(acme.ca, 'utf8');
  } catch (error) {
    throw new StartError(`acme.ca: ${(error as Error).message}`, { cause: error });
  }
  const names = acme.names.length === 0 ? [hostname] : acme.names;
  return new Renewals(
    {
      directory: acme.directory,
      agree: acme.agree,
      contact: acme.contact,
      externalAccount: acme.external_account,
      externalKey: acme.external_key,
      dnsHook: acme.dns_hook,
      certificates: names.map((hosts) => hosts.toLowerCase().split(' ')),
      folder: folder.file('tls', 'acme'),
      ...(ca !== undefined && { ca }),
    },
    parts,
  );
}
