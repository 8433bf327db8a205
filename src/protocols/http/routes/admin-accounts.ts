/** For those who administer: accounts, the way back into them, who administers what, and what domains may have. */
import { z } from 'zod';
import { normalAddress } from '../../../directory/address.ts';
import type { AccountInfo } from '../../../directory/api.ts';
import { type Office, ROLES, visibleAliases } from '../../../directory/offices.ts';
import { passwordLink, unlock } from '../../../directory/recovery.ts';
import { confirmOwner } from '../confirm-owner.ts';
import type { App, Services } from '../context.ts';
import { addressParam, changedAccount, domainOf, domainParam, office } from '../office.ts';

import * as schemas from '../schemas.ts';

const TAGS = ['administration'];
const access = 'administrator';
/** Whose work it is to look after accounts, and to let people in again. */
const keepers = { access, roles: ['operator', 'domain-administrator'] } as const;
const helpers = { access, roles: ['operator', 'domain-administrator', 'helpdesk'] } as const;
const everybody = { access, roles: ROLES } as const;
/** Accounts in one answer. */
const MOST_ACCOUNTS = 200;

const bytes = z.int().nonnegative().nullable().describe('Bytes; null: no limit');
const account = z.strictObject({
  address: z.string(),
  name: z.string(),
  aliases: z.array(z.string()),
  admin: z.boolean(),
  suspended: z.boolean(),
  waits: z.boolean().describe('Somebody made it for himself, and it opens nothing until an administrator lets it in'),
  quota: z.int().nullable().describe('Bytes; null: no limit'),
  created: z.iso.datetime(),
});
const role = z.enum(ROLES);
const domains = z.array(z.string().min(1).max(255)).min(1).max(100);
const shownOffice = z.strictObject({
  role,
  domains: z.array(z.string()).nullable().describe('For these domains only; null: for all'),
});
const link = z.strictObject({ path: z.string().describe('Of a page where a new password is set, once, within a day') });
const limits = z.strictObject({ accounts: z.int().nonnegative().nullable(), bytes });
const current = z.string().min(1).max(1_000).describe('Your own password: a browser left open is not enough');
const code = z.string().min(1).max(40).optional().describe('With a second step: of your authenticator program');

export function adminAccountRoutes(app: App, services: Services): void {
  listRoutes(app, services);
  changeRoutes(app, services);
  recoveryRoutes(app, services);
  officeRoutes(app, services);
  limitRoutes(app, services);
}

function listRoutes(app: App, { directory }: Services): void {
  app.get(
    '/v1/admin/accounts',
    {
      config: everybody,
      schema: {
        tags: TAGS,
        summary: 'Accounts whose address or name has these letters',
        querystring: z.strictObject({
          q: z.string().max(200).default(''),
          waits: schemas.flag.default(false).describe('Only those that wait to be let in'),
        }),
        response: {
          200: z.strictObject({
            items: z.array(account).max(MOST_ACCOUNTS),
            more: z.boolean().describe('There are others'),
          }),
          ...schemas.problems(400, 401, 403),
        },
      },
    },
    async (request) => {
      const wanted = request.query.q.trim().toLowerCase();
      const mine = office(request);
      const items: z.output<typeof account>[] = [];
      for (const domain of mine.domains ?? [undefined])
        for await (const one of directory.accounts(domain)) {
          const shown = accountView(one, mine);
          const text = [one.address, one.displayName, ...shown.aliases].join(' ').toLowerCase();
          if (!text.includes(wanted) || (request.query.waits && !shown.waits)) continue;
          if (items.length === MOST_ACCOUNTS) return { items, more: true };
          items.push(shown);
        }
      return { items, more: false };
    },
  );
}

function changeRoutes(app: App, services: Services): void {
  const { directory, tenants } = services;

  app.post(
    '/v1/admin/accounts',
    {
      config: keepers,
      schema: {
        tags: TAGS,
        summary: 'A new account; its owner sets the password on a page',
        body: z.strictObject({
          address: z.string().min(3).max(400),
          name: z.string().max(200).default(''),
          quota: z.int().nonnegative().optional().describe('Bytes; absent: as usual'),
        }),
        response: {
          201: z.strictObject({ account, ...link.shape }),
          ...schemas.problems(400, 401, 403, 404, 409),
        },
      },
    },
    async (request, reply) => {
      const { address, name, quota } = request.body;
      const { domain } = normalAddress(address);
      await domainOf(request, directory, domain);
      const added = await tenants.addAccount(address, { displayName: name, ...(quota !== undefined && { quota }) });
      reply.code(201);
      return { account: accountView(added, office(request)), path: await passwordLink(directory, added) };
    },
  );

  app.put(
    '/v1/admin/accounts/:address/suspended',
    {
      config: keepers,
      schema: {
        tags: TAGS,
        summary: 'Suspend an account, or let it in again',
        description: 'Nobody can sign in to a suspended account. Your own cannot be suspended.',
        params: addressParam,
        body: z.strictObject({ suspended: z.boolean() }),
        response: { 200: account, ...schemas.problems(400, 401, 403, 404, 409) },
      },
    },
    async (request) => {
      const { id } = await changedAccount(request, services, request.params.address);
      return accountView(await directory.updateAccount(id, request.body), office(request));
    },
  );

  app.put(
    '/v1/admin/accounts/:address/quota',
    {
      config: keepers,
      schema: {
        tags: TAGS,
        summary: 'Room for mail',
        params: addressParam,
        body: z.strictObject({ quota: bytes }),
        response: { 200: account, ...schemas.problems(400, 401, 403, 404, 409) },
      },
    },
    async (request) => {
      const found = await changedAccount(request, services, request.params.address);
      return accountView(await tenants.setQuota(found.id, request.body.quota ?? undefined), office(request));
    },
  );
}

function recoveryRoutes(app: App, services: Services): void {
  const { directory, cache, clock } = services;
  const TARGET = { params: addressParam, response: { 204: z.null(), ...schemas.problems(400, 401, 403, 404, 409) } };

  app.post(
    '/v1/admin/accounts/:address/password-link',
    {
      config: helpers,
      schema: {
        tags: TAGS,
        summary: 'A page where the owner sets a new password',
        description: 'Who has it opens the account: give it to nobody but the owner.',
        params: addressParam,
        response: { 201: link, ...schemas.problems(400, 401, 403, 404, 409) },
      },
    },
    async (request, reply) => {
      const found = await changedAccount(request, services, request.params.address);
      reply.code(201);
      return { path: await passwordLink(directory, found) };
    },
  );

  app.delete(
    '/v1/admin/accounts/:address/second-step',
    {
      config: helpers,
      schema: {
        tags: TAGS,
        summary: 'The password is enough again: for who has lost program and recovery codes',
        ...TARGET,
      },
    },
    async (request, reply) => {
      const { id } = await changedAccount(request, services, request.params.address);
      await directory.secondStep.disable(id);
      reply.code(204);
      return null;
    },
  );

  app.post(
    '/v1/admin/accounts/:address/unlock',
    {
      config: helpers,
      schema: { tags: TAGS, summary: 'Forget wrong passwords: no pause lasts any more', ...TARGET },
    },
    async (request, reply) => {
      const found = await changedAccount(request, services, request.params.address);
      await unlock({ directory, cache, clock }, found);
      reply.code(204);
      return null;
    },
  );
}

function officeRoutes(app: App, services: Services): void {
  const { offices } = services;

  app.get(
    '/v1/admin/role',
    {
      config: everybody,
      schema: {
        tags: TAGS,
        summary: 'What you may do here',
        response: { 200: shownOffice, ...schemas.problems(401, 403) },
      },
    },
    async (request) => officeView(office(request)),
  );

  app.get(
    '/v1/admin/roles',
    {
      config: { access, roles: ['operator', 'auditor'] },
      schema: {
        tags: TAGS,
        summary: 'Who administers what',
        response: {
          200: z.strictObject({ items: z.array(z.strictObject({ address: z.string(), ...shownOffice.shape })) }),
          ...schemas.problems(401, 403),
        },
      },
    },
    async () => ({
      items: (await offices.list()).map((one) => ({ address: one.account.address, ...officeView(one) })),
    }),
  );

  app.put(
    '/v1/admin/accounts/:address/role',
    {
      config: { access },
      schema: {
        tags: TAGS,
        summary: 'Give an account a role, or take it away',
        description:
          'operator: everything. domain-administrator: the accounts of his domains. auditor: reads the audit trail and reports, changes nothing, sees no mail. helpdesk: lets people in again.',
        params: addressParam,
        body: z.strictObject({ role: role.nullable(), domains: domains.optional(), current, code }),
        response: {
          200: z.strictObject({ office: shownOffice.nullable() }),
          ...schemas.problems(400, 401, 403, 404, 409, 429, 503),
        },
      },
    },
    async (request) => {
      const { role: wanted, domains: where, current: password, code: given } = request.body;
      const { id } = await changedAccount(request, services, request.params.address);
      // Who finds a browser open does not make himself an operator.
      await confirmOwner(services, request, password, given);
      await offices.set(id, wanted === null ? undefined : { role: wanted, domains: where });
      const now = await offices.of(id);
      return { office: now === undefined ? null : officeView(now) };
    },
  );
}

function limitRoutes(app: App, { directory, tenants }: Services): void {
  const shown = z.strictObject({
    ...limits.shape,
    used: z.strictObject({ accounts: z.int(), bytes: bytes.describe('Given to accounts; null: one has no limit') }),
  });
  const view = async (name: string): Promise<z.output<typeof shown>> => {
    const [most, used] = [await tenants.limits(name), await tenants.use(name)];
    return {
      accounts: most.accounts ?? null,
      bytes: most.bytes ?? null,
      used: { accounts: used.accounts, bytes: used.bytes ?? null },
    };
  };

  app.get(
    '/v1/admin/domains/:name/limits',
    {
      config: { access, roles: ['operator', 'domain-administrator', 'auditor'] },
      schema: {
        tags: TAGS,
        summary: 'What a domain may have, and has',
        params: domainParam,
        response: { 200: shown, ...schemas.problems(400, 401, 403, 404) },
      },
    },
    async (request) => view((await domainOf(request, directory, request.params.name)).name),
  );

  app.put(
    '/v1/admin/domains/:name/limits',
    {
      config: { access },
      schema: {
        tags: TAGS,
        summary: 'Limit what a domain may have',
        description: 'What is there already stays, also when it is more.',
        params: domainParam,
        body: limits,
        response: { 200: shown, ...schemas.problems(400, 401, 403, 404) },
      },
    },
    async (request) => {
      const { name } = await domainOf(request, directory, request.params.name);
      const { accounts, bytes: room } = request.body;
      await tenants.setLimits(name, { accounts: accounts ?? undefined, bytes: room ?? undefined });
      return await view(name);
    },
  );
}

function accountView(one: AccountInfo, by: Office): z.output<typeof account> {
  const { address, displayName, admin, suspended, waits = false, quota, created } = one;
  return {
    address,
    name: displayName,
    aliases: [...visibleAliases(by, one)],
    admin,
    suspended,
    waits,
    quota: quota ?? null,
    created: new Date(created).toISOString(),
  };
}

function officeView({ role: held, domains: where }: Office): z.output<typeof shownOffice> {
  return { role: held, domains: where === undefined ? null : [...where] };
}
