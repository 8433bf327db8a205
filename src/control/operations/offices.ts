/** Who administers what, what domains may have, and the way back into an account. */
import { z } from 'zod';
import { ROLES } from '../../directory/offices.ts';
import { unlock } from '../../directory/recovery.ts';
import { operation } from '../operation.ts';
import { knownAccount } from './account.ts';

const address = z.string().min(1).max(400);
const count = z.int().nonnegative().nullable();

/** A role, or null for none any more. Answers what holds then. */
export const accountRole = operation(
  'account.role',
  z.strictObject({ address, role: z.enum(ROLES).nullable(), domains: z.array(z.string()).optional() }),
  async ({ directory, offices }, args) => {
    const { id } = await knownAccount(directory, args.address);
    await offices.set(id, args.role === null ? undefined : { role: args.role, domains: args.domains });
    return (await offices.of(id)) ?? null;
  },
);

export const accountRoles = operation('account.roles', z.strictObject({}), async ({ offices }) =>
  (await offices.list()).map(({ account, role, domains }) => ({
    address: account.address,
    role,
    domains: domains ?? null,
  })),
);

export const accountUnlock = operation(
  'account.unlock',
  z.strictObject({ address }),
  async ({ directory, cache, clock }, args) => {
    await unlock({ directory, cache, clock }, await knownAccount(directory, args.address));
    return {};
  },
);

/** What a domain may have, after the change; absent: as it is, null: no limit. */
export const domainLimits = operation(
  'domain.limits',
  z.strictObject({ name: z.string(), accounts: count.optional(), bytes: count.optional() }),
  async ({ tenants }, { name, accounts, bytes }) => {
    const before = await tenants.limits(name);
    if (accounts !== undefined || bytes !== undefined)
      await tenants.setLimits(name, {
        accounts: accounts === undefined ? before.accounts : (accounts ?? undefined),
        bytes: bytes === undefined ? before.bytes : (bytes ?? undefined),
      });
    const [limits, used] = [await tenants.limits(name), await tenants.use(name)];
    return {
      accounts: limits.accounts ?? null,
      bytes: limits.bytes ?? null,
      used: { accounts: used.accounts, bytes: used.bytes ?? null },
    };
  },
);
