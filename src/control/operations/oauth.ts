/** Programs that may ask people for access (OAuth). */
import { z } from 'zod';
import { OAUTH_SCOPES } from '../../directory/oauth/scopes.ts';
import { MailError } from '../../mail/error.ts';
import { operation } from '../operation.ts';

export const oauthClientList = operation('oauth.clients', z.strictObject({}), ({ directory }) =>
  directory.oauth.clients.list(),
);

export const oauthClientAdd = operation(
  'oauth.client-add',
  z.strictObject({
    name: z.string().min(1).max(100),
    redirects: z.array(z.string().max(2000)).max(20),
    scopes: z.array(z.enum(OAUTH_SCOPES)).min(1).max(OAUTH_SCOPES.length),
    confidential: z.boolean(),
    device: z.boolean(),
  }),
  ({ directory }, { scopes, ...wanted }) => directory.oauth.clients.add({ ...wanted, scopes: [...new Set(scopes)] }),
);

export const oauthClientRemove = operation(
  'oauth.client-remove',
  z.strictObject({ id: z.string().max(100) }),
  async ({ directory }, { id }) => {
    if (!(await directory.oauth.clients.remove(id)))
      throw new MailError('account-missing', 'user', `there is no OAuth client ${id} that could be removed`);
    return {};
  },
);
