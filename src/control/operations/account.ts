import { z } from 'zod';
import { CATEGORY } from '../../delivery/sources/source.ts';
import type { AccountInfo, Directory } from '../../directory/api.ts';
import { passwordLink } from '../../directory/recovery.ts';
import { MailError } from '../../mail/error.ts';
import { operation } from '../operation.ts';
import type { Service } from '../service.ts';

const address = z.string().min(1).max(400);
const bytes = z.int().nonnegative();

export interface AccountDetails extends AccountInfo {
  readonly messages: number;
  readonly bytesUsed: number;
}

export async function knownAccount(directory: Directory, addressOrId: string): Promise<AccountInfo> {
  const found = await directory.account(addressOrId);
  if (found === undefined) throw new MailError('account-missing', 'user', `there is no account ${addressOrId}`);
  return found;
}

export const accountAdd = operation(
  'account.add',
  z.strictObject({
    address,
    password: z.string().optional(),
    displayName: z.string().max(200).optional(),
    admin: z.boolean().optional(),
    quota: bytes.optional(),
  }),
  ({ tenants }, { address: at, password, displayName, admin, quota }) =>
    tenants.addAccount(at, {
      ...(password !== undefined && { password }),
      ...(displayName !== undefined && { displayName }),
      ...(admin !== undefined && { admin }),
      ...(quota !== undefined && { quota }),
    }),
);

export const accountList = operation<{ domain?: string | undefined }, { accounts: number }, AccountInfo>(
  'account.list',
  z.strictObject({ domain: z.string().optional() }),
  async ({ directory }, { domain }, io) => {
    let accounts = 0;
    for await (const one of directory.accounts(domain)) {
      io.item(one);
      await io.taken();
      accounts++;
    }
    return { accounts };
  },
);

export const accountShow = operation('account.show', z.strictObject({ address }), async (service, args) =>
  details(service, await knownAccount(service.directory, args.address)),
);

async function details(service: Service, account: AccountInfo): Promise<AccountDetails> {
  using mail = await service.mailstore.open({ kind: 'system', role: 'admin' }, account.id);
  await mail.refresh();
  const messages = mail.folders().reduce((sum, { total }) => sum + total, 0);
  return { ...account, messages, bytesUsed: mail.quota().used };
}

export const accountSuspend = operation(
  'account.suspend',
  z.strictObject({ address, suspended: z.boolean() }),
  async ({ directory }, args) => {
    const { id } = await knownAccount(directory, args.address);
    return directory.updateAccount(id, { suspended: args.suspended });
  },
);

export const accountRemove = operation('account.remove', z.strictObject({ address }), async ({ directory }, args) => {
  const { id } = await knownAccount(directory, args.address);
  await directory.removeAccount(id);
  return {};
});

export const accountPassword = operation(
  'account.password',
  z.strictObject({ address, password: z.string() }),
  async ({ directory }, args) => {
    const { id } = await knownAccount(directory, args.address);
    return directory.updateAccount(id, { password: args.password });
  },
);

export const accountLink = operation('account.link', z.strictObject({ address }), async (service, args) => {
  const account = await knownAccount(service.directory, args.address);
  const [http] = service.listening()['http'] ?? [];
  const path = await passwordLink(service.directory, account);
  return { path, url: http === undefined ? null : `http://${http}${path}` };
});

export const accountAlias = operation(
  'account.alias',
  z.strictObject({ address, alias: address, remove: z.boolean() }),
  async ({ directory }, args) => {
    const { id } = await knownAccount(directory, args.address);
    if (args.remove) await directory.removeAlias(args.alias);
    else await directory.addAlias(args.alias, id);
    return (await directory.account(id)) ?? null;
  },
);

export const accountCategories = operation(
  'account.categories',
  z.strictObject({ address, categories: z.array(z.string().regex(CATEGORY)).max(32) }),
  async ({ directory }, args) => {
    const { id } = await knownAccount(directory, args.address);
    return directory.updateAccount(id, { categories: args.categories });
  },
);

export const accountQuota = operation(
  'account.quota',
  z.strictObject({ address, quota: bytes.nullable() }),
  async ({ directory, tenants }, args) => {
    const { id } = await knownAccount(directory, args.address);
    return tenants.setQuota(id, args.quota ?? undefined);
  },
);
