import { z } from 'zod';
import { operation } from '../operation.ts';

const name = z.strictObject({ name: z.string() });

export const domainAdd = operation('domain.add', name, ({ directory }, args) => directory.addDomain(args.name));

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

export const domainRemove = operation('domain.remove', name, async ({ directory }, args) => {
  await directory.removeDomain(args.name);
  return {};
});
