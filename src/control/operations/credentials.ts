/** What opens an account beside its password. */
import { z } from 'zod';
import { APP_PASSWORD_SCOPES } from '../../directory/api.ts';
import { MailError } from '../../mail/error.ts';
import { operation } from '../operation.ts';
import { knownAccount } from './account.ts';

const address = z.string().min(1).max(400);

export const appPasswordList = operation(
  'account.app-passwords',
  z.strictObject({ address }),
  async (service, args) => {
    const { id } = await knownAccount(service.directory, args.address);
    return await service.directory.appPasswords.list(id);
  },
);

export const appPasswordAdd = operation(
  'account.app-password-add',
  z.strictObject({
    address,
    name: z.string().min(1).max(100),
    scopes: z.array(z.enum(APP_PASSWORD_SCOPES)).min(1).max(APP_PASSWORD_SCOPES.length),
  }),
  async ({ directory }, { address: at, name, scopes }) => {
    const { id } = await knownAccount(directory, at);
    return await directory.appPasswords.create(id, { name, scopes: [...new Set(scopes)] });
  },
);

export const appPasswordRevoke = operation(
  'account.app-password-revoke',
  z.strictObject({ address, id: z.string().max(100) }),
  async ({ directory }, { address: at, id }) => {
    const { id: account } = await knownAccount(directory, at);
    if (!(await directory.appPasswords.revoke(account, id)))
      throw new MailError('account-missing', 'user', `${at} has no application password ${id}`);
    return {};
  },
);

export const secondStepShow = operation('account.second-step', z.strictObject({ address }), async (service, args) => {
  const { id } = await knownAccount(service.directory, args.address);
  return await service.directory.secondStep.show(id);
});

export const signInList = operation('account.sign-ins', z.strictObject({ address }), async (service, args) => {
  const { id } = await knownAccount(service.directory, args.address);
  return await service.directory.places.list(id);
});

/** For who has lost both the program and the recovery codes. */
export const secondStepOff = operation(
  'account.second-step-off',
  z.strictObject({ address }),
  async (service, args) => {
    const { id } = await knownAccount(service.directory, args.address);
    return { was: await service.directory.secondStep.disable(id) };
  },
);
