/** Conversations: the messages of one, and those of a folder. */
import { z } from 'zod';
import type { MsgId, ThreadId } from '../../../mailstore/api.ts';
import { ownAccount } from '../auth.ts';
import type { App, Services } from '../context.ts';
import { listMessages } from '../listing.ts';
import { Problem } from '../reply.ts';
import * as schemas from '../schemas.ts';
import type { SortKeys } from '../sort-keys.ts';
import { summaries } from '../view.ts';
import { folderOf } from './folders.ts';

type Address = z.output<typeof schemas.address>;

function position(value: unknown): { internalDate: number; id: MsgId } {
  const [internalDate, id] = value as [number, MsgId];
  return { internalDate, id };
}

/** Each address once, as it was named first. */
function once(people: readonly Address[]): Address[] {
  const known = new Map<string, Address>();
  for (const one of people) if (!known.has(one.address.toLowerCase())) known.set(one.address.toLowerCase(), one);
  return [...known.values()];
}

const THREAD_ID = /^[0-9a-f]{24}$/;

export function threadRoutes(app: App, services: Services, sortKeys: SortKeys): void {
  app.get(
    '/v1/threads/:id',
    {
      schema: {
        tags: ['messages'],
        summary: 'One conversation, oldest message first',
        description: 'The id is the thread of any of its messages.',
        params: schemas.idParam,
        querystring: z.strictObject(schemas.pageQuery),
        response: { 200: schemas.pageOf(schemas.messageSummary), ...schemas.problems(400, 401, 404) },
      },
    },
    async (request, reply) => {
      const account = await ownAccount(request, reply, services);
      const { limit, cursor } = request.query;
      if (!THREAD_ID.test(request.params.id)) throw new Problem('message-missing');
      const threads = await account.threadsOf(request.params.id as ThreadId);
      const query = { threads, sort: 'date', order: 'asc' } as const;
      if (account.getMessageIds({ threads, limit: 1 }).length === 0) throw new Problem('message-missing');
      const page = await listMessages(account, query, { limit, cursor }, { cursors: services.cursors, sortKeys });
      return { items: await summaries(account, page.ids), ...(page.next !== undefined && { next: page.next }) };
    },
  );

  app.get(
    '/v1/folders/:id/threads',
    {
      schema: {
        tags: ['folders'],
        summary: 'The conversations of a folder (id or role)',
        description: 'Those with a message in the folder, the one with the newest message there first.',
        params: schemas.idParam,
        querystring: z.strictObject(schemas.pageQuery),
        response: { 200: schemas.pageOf(schemas.conversation), ...schemas.problems(400, 401, 404) },
      },
    },
    async (request, reply) => {
      const account = await ownAccount(request, reply, services);
      const folder = folderOf(account, request.params.id).id;
      const { limit, cursor } = request.query;
      const list = JSON.stringify(['threads', folder]);
      const after = cursor === undefined ? undefined : position(services.cursors.read(account.id, list, cursor));
      // One more than is shown, to know whether there is a next page.
      const found = await account.conversations(folder, { limit: limit + 1, ...(after && { after }) });
      const shown = found.slice(0, limit);
      const last = shown.at(-1);
      const meta = last && account.meta(last.newest);
      const next =
        found.length > limit && meta && services.cursors.make(account.id, list, [meta.internalDate, meta.id]);
      const read = new Set(shown.flatMap((one) => [one.newest, ...one.latest]));
      const messages = new Map((await summaries(account, [...read])).map((message) => [message.id, message]));
      return {
        items: shown.flatMap(({ id, total, unread, newest, here, latest }) => {
          const message = messages.get(String(newest));
          const people = latest.flatMap((one) => messages.get(String(one))?.from ?? []);
          return message
            ? [{ id, total, unread, newest: message, messages: here.map(String), people: once(people) }]
            : [];
        }),
        ...(next && { next }),
      };
    },
  );
}
