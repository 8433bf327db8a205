/** Whom the pager tells of new mail. */
import { z } from 'zod';
import { PAGER, type PagerSetting } from '../../../modules/pager.ts';
import { ownAccount } from '../auth.ts';
import type { App, Services } from '../context.ts';
import { Problem } from '../reply.ts';
import * as schemas from '../schemas.ts';

const TAGS = ['settings'];
const setting = z.strictObject({
  to: z
    .string()
    .regex(/^\+?[0-9 ()-]{3,30}$/, 'a telephone number')
    .nullable()
    .describe('Number of the telephone or pager; null: nobody is paged'),
  senders: z
    .union([
      z.literal('everybody'),
      z.array(z.string().min(3).max(320).toLowerCase()).min(1).max(100).describe('Addresses and domains'),
    ])
    .default('everybody'),
});

export function pagerRoutes(app: App, services: Services): void {
  app.get(
    '/v1/settings/pager',
    {
      schema: {
        tags: TAGS,
        summary: 'Who is told of new mail by a short message',
        response: { 200: setting, ...schemas.problems(401) },
      },
    },
    async (request, reply) => {
      const account = await ownAccount(request, reply, services);
      const found = await account.record<PagerSetting>(PAGER.kind, PAGER.id);
      if (found === undefined) return { to: null, senders: 'everybody' as const };
      return { to: found.to, senders: found.senders === 'everybody' ? found.senders : [...found.senders] };
    },
  );

  app.put(
    '/v1/settings/pager',
    {
      schema: {
        tags: TAGS,
        summary: 'Tell a telephone of new mail, or nobody any more',
        description: 'Refused where the operator has no gateway for short messages.',
        body: setting,
        response: { 200: setting, ...schemas.problems(400, 401, 403) },
      },
    },
    async (request, reply) => {
      const account = await ownAccount(request, reply, services);
      const { to, senders } = request.body;
      if (to !== null && !services.paging)
        throw new Problem('not-allowed', 'There is no gateway for short messages here.');
      const wanted: PagerSetting | undefined =
        to === null ? undefined : { to, senders, since: await account.refresh() };
      await account.putRecord(PAGER.kind, PAGER.id, wanted);
      return { to, senders };
    },
  );
}
