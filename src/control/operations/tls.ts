/** Certificates of the service that runs. */
import { z } from 'zod';
import { MailError } from '../../mail/error.ts';
import { operation } from '../operation.ts';

const OFF = 'no service runs here: it reads them when it starts';

/** Null when no service runs. */
export const tlsStatus = operation('tls.status', z.strictObject({}), async ({ certificates, renewals }) => {
  const inUse = certificates()?.facts();
  return inUse === undefined ? null : { inUse, renewals: (await renewals()?.facts()) ?? [] };
});

/** Answers what is new, by name. Throws `not-allowed` when no service runs. */
export const tlsReload = operation('tls.reload', z.strictObject({}), async ({ certificates }) => {
  const open = certificates();
  if (open === undefined) throw new MailError('not-allowed', 'user', OFF);
  return { changed: await open.reload() };
});

/** Asks the authority now; all certificates, or the one of that name. Throws `not-allowed` when none come by ACME. */
export const tlsRenew = operation(
  'tls.renew',
  z.strictObject({ name: z.string().optional() }),
  async ({ renewals }, { name }) => {
    const open = renewals();
    if (open === undefined)
      throw new MailError('not-allowed', 'user', 'no service runs here that has certificates by ACME (acme.directory)');
    const done = await open.renew(name);
    if (done.length === 0)
      throw new MailError('domain-missing', 'user', `acme.names has no certificate called ${name}`);
    return done;
  },
);
