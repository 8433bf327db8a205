/** For administrators: what waits and what failed, and what the domains publish. */
import { z } from 'zod';
import { outboundPayload } from '../../../delivery/entry.ts';
import { retryNow } from '../../../delivery/retry.ts';
import type { DnsRecord } from '../../../directory/dns-records.ts';
import type { IntakePayload } from '../../../intake/entry.ts';
import { type Queue, QUEUE_NAMES, type QueueEntry, type QueueId } from '../../../ports/queue.ts';
import type { App, Services } from '../context.ts';
import { reachesDomain } from '../../../directory/offices.ts';
import { domainOf, domainParam, office } from '../office.ts';
import { Problem } from '../reply.ts';
import * as schemas from '../schemas.ts';

const TAGS = ['administration'];
const config = { access: 'administrator' } as const;
const LIST = 'queue';
/** Recipients of an entry that are shown. */
const MOST_RECIPIENTS = 20;

const name = z.enum(QUEUE_NAMES);
const instant = z.iso.datetime();
const counts = z.strictObject({
  name,
  waiting: z.int(),
  due: z.int(),
  held: z.int(),
  oldest: instant.nullable().describe('Since when the oldest waits'),
  dueSince: instant.nullable().describe('Since when the one is due that has waited longest for its turn'),
});
const entry = z.strictObject({
  id: z.string(),
  created: instant,
  due: instant.describe('When it is tried next'),
  attempts: z.int(),
  held: z.boolean().describe('An operator holds it'),
  reason: z.string().nullable().describe('Why the last attempt failed'),
  sender: z.string().describe('Of the envelope, or the address of the account that sends it; may be empty'),
  to: z.array(z.string()).max(MOST_RECIPIENTS).describe('The domain it is for, or the first recipients here'),
});
const record = z.strictObject({
  name: z.string(),
  type: z.string(),
  value: z.string().describe('As in a zone file'),
  found: z.string().describe('ok, missing, what is there instead, or why it cannot be told'),
});

export interface AdminDesk {
  readonly queue: Pick<Queue, 'counts' | 'list' | 'get' | 'hold' | 'release' | 'move'>;
  /** What does not work at the moment, one line each; empty when all is well. */
  readonly health: () => Promise<readonly string[]>;
  /** What a domain should publish, and what is there. */
  readonly domainRecords: (domain: string) => Promise<readonly (DnsRecord & { readonly found: string })[]>;
}

export function adminServiceRoutes(app: App, services: Services, desk: AdminDesk): void {
  queueRoutes(app, services, desk.queue);
  domainRoutes(app, services, desk);

  app.get(
    '/v1/admin/health',
    {
      config: { ...config, roles: ['operator', 'auditor'] },
      schema: {
        tags: TAGS,
        summary: 'What does not work at the moment, one line each',
        response: { 200: z.strictObject({ problems: z.array(z.string()) }), ...schemas.problems(401, 403) },
      },
    },
    async () => ({ problems: [...(await desk.health())] }),
  );
}

function queueRoutes(app: App, { cursors, directory }: Services, queue: AdminDesk['queue']): void {
  app.get(
    '/v1/admin/queues',
    {
      config: { ...config, roles: ['operator', 'auditor'] },
      schema: {
        tags: TAGS,
        summary: 'How much waits in each queue',
        response: { 200: z.strictObject({ items: z.array(counts) }), ...schemas.problems(401, 403) },
      },
    },
    async () => {
      const all = await queue.counts();
      return {
        items: QUEUE_NAMES.map((one) => ({
          name: one,
          ...all[one],
          oldest: time(all[one].oldest) ?? null,
          dueSince: time(all[one].dueSince) ?? null,
        })),
      };
    },
  );

  app.get(
    '/v1/admin/queues/:name',
    {
      config,
      schema: {
        tags: TAGS,
        summary: 'What waits in a queue, oldest first',
        params: z.strictObject({ name }),
        querystring: z.strictObject(schemas.pageQuery),
        response: { 200: schemas.pageOf(entry), ...schemas.problems(400, 401, 403, 404) },
      },
    },
    async ({ params, query: { limit, cursor }, signedIn }) => {
      const owner = signedIn!.user.account;
      const list = `${LIST} ${params.name}`;
      const after = cursor === undefined ? undefined : (cursors.read(owner, list, cursor) as QueueId);
      const found = await queue.list(params.name, { limit: limit + 1, ...(after !== undefined && { after }) });
      const page = found.slice(0, limit);
      const last = page.at(-1);
      const accountOf = async (id: string) => (await directory.account(id))?.address ?? '';
      const items = await Promise.all(page.map((one) => view(one, accountOf)));
      return { items, ...(found.length > limit && last && { next: cursors.make(owner, list, last.id) }) };
    },
  );

  app.post(
    '/v1/admin/queues/entries/:id/retry',
    {
      config,
      schema: {
        tags: TAGS,
        summary: 'Try an entry again at once, also from the error queue',
        params: schemas.idParam,
        response: { 204: z.null(), ...schemas.problems(401, 403, 404, 409) },
      },
    },
    async ({ params: { id } }, reply) => {
      if ((await queue.get(id as QueueId)) === undefined) throw new Problem('not-found');
      if (!(await retryNow(queue, id as QueueId))) throw new Problem('conflict', 'It is being tried at the moment.');
      reply.code(204);
      return null;
    },
  );
}

async function view(
  { id, created, due, attempts, held, reason, payload }: QueueEntry,
  accountOf: (id: string) => Promise<string>,
): Promise<z.output<typeof entry>> {
  const outbound = outboundPayload({ payload });
  const { sender = '', recipients = [] } = (outbound === undefined ? payload : {}) as Partial<IntakePayload>;
  const to = outbound === undefined ? recipients.map(({ address }) => address) : [outbound.destination ?? ''];
  return {
    id,
    created: new Date(created).toISOString(),
    due: new Date(due).toISOString(),
    attempts,
    held,
    reason: reason ?? null,
    sender: outbound === undefined ? sender : await accountOf(outbound.account),
    to: to.filter((one) => one !== '').slice(0, MOST_RECIPIENTS),
  };
}

function domainRoutes(app: App, { directory }: Services, { domainRecords }: AdminDesk): void {
  app.get(
    '/v1/admin/domains',
    {
      config: { ...config, roles: ['operator', 'domain-administrator', 'auditor', 'helpdesk'] },
      schema: {
        tags: TAGS,
        summary: 'The domains of this service',
        response: {
          200: z.strictObject({ items: z.array(z.strictObject({ name: z.string(), created: instant })) }),
          ...schemas.problems(401, 403),
        },
      },
    },
    async (request) => {
      const all = await directory.domains();
      const items = all.filter(({ name: domain }) => reachesDomain(office(request), domain));
      return { items: items.map((one) => ({ name: one.name, created: new Date(one.created).toISOString() })) };
    },
  );

  app.get(
    '/v1/admin/domains/:name/records',
    {
      config: { ...config, roles: ['operator', 'domain-administrator'] },
      schema: {
        tags: TAGS,
        summary: 'The DNS records that a domain should publish, each looked up now',
        params: domainParam,
        response: { 200: z.strictObject({ items: z.array(record) }), ...schemas.problems(400, 401, 403, 404) },
      },
    },
    async (request) => {
      const domain = await domainOf(request, directory, request.params.name);
      return { items: [...(await domainRecords(domain.name))] };
    },
  );
}

function time(at: number | undefined): string | undefined {
  return at === undefined ? undefined : new Date(at).toISOString();
}
