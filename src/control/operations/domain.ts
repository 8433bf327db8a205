import { z } from 'zod';
import { operation } from '../operation.ts';

const name = z.strictObject({ name: z.string() });

export const domainAdd = operation('domain.add', name, async ({ directory, dkimKeys }, args) => {
  const domain = await directory.addDomain(args.name);
  await dkimKeys.of(domain.name);
  return domain;
});

/** The public side of a domain's keys, after the change. Throws `domain-missing`; `conflict` when there is nothing to activate. */
export const domainDkim = operation(
  'domain.dkim',
  z.strictObject({ name: z.string(), change: z.enum(['none', 'prepare', 'activate']) }),
  ({ dkimKeys }, args) => {
    if (args.change === 'prepare') return dkimKeys.prepare(args.name);
    return args.change === 'activate' ? dkimKeys.activate(args.name) : dkimKeys.of(args.name);
  },
);

export const domainList = operation('domain.list', z.strictObject({}), async ({ directory }) => {
  const domains = await directory.domains();
  return Promise.all(
    domains.map(async (domain) => {
      let accounts = 0;
      for await (const _account of directory.accounts(domain.name)) accounts++;
      return { ...domain, accounts };
    }),
  );
});

/** Null when there is no such domain. */
export const domainShow = operation(
  'domain.show',
  name,
  async ({ directory }, args) => (await directory.domain(args.name)) ?? null,
);

const caught = z.strictObject({ name: z.string(), address: z.string().min(1).max(400).nullable() });

/** Who gets mail for addresses of the domain that nobody has; null: it is refused. */
export const domainCatchAll = operation('domain.catch-all', name, async ({ catchAll }, args) => ({
  address: (await catchAll.of(args.name))?.address ?? null,
}));

export const domainSetCatchAll = operation('domain.set-catch-all', caught, async ({ catchAll }, args) => ({
  address: (await catchAll.set(args.name, args.address ?? undefined))?.address ?? null,
}));

export const domainRemove = operation('domain.remove', name, async ({ directory }, args) => {
  await directory.removeDomain(args.name);
  return {};
});
