/** Conversations. */
import { z } from 'zod';
import type { ThreadId } from '../../../mailstore/api.ts';
import { ownAccount } from '../auth.ts';
import type { App, Services } from '../context.ts';
import { listMessages } from '../listing.ts';
import { Problem } from '../reply.ts';
import * as schemas from '../schemas.ts';
import type { SortKeys } from '../sort-keys.ts';
import { summaries } from '../view.ts';

export function threadRoutes(app: App, services: Services, sortKeys: SortKeys): void {
  app.get(
    '/v1/threads/:id',
    {
      schema: {
        tags: ['messages'],
        summary: 'One conversation, oldest message first',
        params: schemas.idParam,
        querystring: z.strictObject(schemas.pageQuery),
        response: { 200: schemas.pageOf(schemas.messageSummary), ...schemas.problems(400, 401, 404) },
      },
    },
    async (request, reply) => {
      const account = await ownAccount(request, reply, services);
      const { limit, cursor } = request.query;
      const query = { thread: request.params.id as ThreadId, sort: 'date', order: 'asc' } as const;
      if (account.getMessageIds({ thread: query.thread, limit: 1 }).length === 0) throw new Problem('message-missing');
      const page = await listMessages(account, query, { limit, cursor }, { cursors: services.cursors, sortKeys });
      return { items: await summaries(account, page.ids), ...(page.next !== undefined && { next: page.next }) };
    },
  );
}
