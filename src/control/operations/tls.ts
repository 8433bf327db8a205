/** Certificates of the service that runs. */
import { z } from 'zod';
import { MailError } from '../../mail/error.ts';
import type { CertificateFacts, Certificates } from '../../net/certificates.ts';
import { operation } from '../operation.ts';
import type { Service } from '../service.ts';

/** Null when no service runs. */
export const tlsStatus = operation('tls.status', z.strictObject({}), async ({ certificates }) => {
  const facts: readonly CertificateFacts[] | undefined = certificates()?.facts();
  return facts ?? null;
});

/** Answers what is new, by name. Throws `not-allowed` when no service runs. */
export const tlsReload = operation('tls.reload', z.strictObject({}), async (service) => {
  const changed = await running(service).reload();
  return { changed };
});

function running({ certificates }: Service): Certificates {
  const open = certificates();
  if (open === undefined)
    throw new MailError('not-allowed', 'user', 'no service runs here: it reads them when it starts');
  return open;
}
