/** Putting mail off until a time, and bringing back what was thrown away. */
import { z } from 'zod';
import { snoozedEntry } from '../../../delivery/snoozed.ts';
import type { FolderId, MessageMeta, MsgId } from '../../../mailstore/api.ts';
import type { Queue } from '../../../ports/queue.ts';
import { FARTHEST_SEND_AT } from '../../../submit/submit.ts';
import { ownAccount } from '../auth.ts';
import type { App, Services } from '../context.ts';
import { idempotent } from '../idempotency.ts';
import { Problem } from '../reply.ts';
import * as schemas from '../schemas.ts';
import { folderMadeFor } from '../special-folder.ts';
import { liesIn } from './folders.ts';
import { BATCH, findAll } from './messages.ts';

const TAGS = ['messages'];
const ids = z.array(z.string().min(1).max(64)).min(1).max(BATCH);
const missing = z.array(z.string()).describe('Those that were not there');

const snooze = z.strictObject({
  ids,
  until: z.iso.datetime({ offset: true }).describe('At most one year from now'),
});

export function snoozeRoutes(app: App, services: Services, queue: Pick<Queue, 'add'>): void {
  app.post(
    '/v1/messages/snooze',
    {
      schema: {
        tags: TAGS,
        summary: 'Put messages off',
        description:
          'They go to the folder with the role `snoozed`, and come back at their time to where they were, unread and on top. What is moved or deleted meanwhile stays as it is.',
        body: snooze,
        response: {
          200: z.strictObject({ done: z.int().describe('How many were there'), missing }),
          ...schemas.problems(400, 401),
        },
      },
    },
    async (request, reply) => {
      const account = await ownAccount(request, reply, services);
      const until = Date.parse(request.body.until);
      const now = services.clock.now();
      if (until <= now) throw new Problem('invalid', 'That time has passed.');
      if (until > now + FARTHEST_SEND_AT)
        throw new Problem('invalid', 'A message can be put off for one year at most.');
      return await idempotent(request, account, async () => {
        const { found, missing } = findAll(account, request.body.ids);
        const messages = found.map(({ id }) => id);
        if (messages.length === 0) return { done: 0, missing };
        const { id: folder } = await folderMadeFor(account, 'snoozed', 'Snoozed');
        // Whoever is to bring them back is there before they go: one that finds nothing to do does nothing.
        await queue.add('outbound', [snoozedEntry(account.id, messages, until)]);
        return { done: await account.snoozing.putOff(messages, until, folder), missing };
      });
    },
  );

  app.post(
    '/v1/messages/restore',
    {
      schema: {
        tags: TAGS,
        summary: 'Take messages out of Trash, to where they were',
        description:
          'Known of what came into Trash in the last weeks, by whichever protocol; anything else goes to the inbox. What is not in Trash stays where it is.',
        body: z.strictObject({ ids }),
        response: {
          200: z.strictObject({
            items: z.array(z.strictObject({ id: z.string(), folder: z.string() })).describe('Where each is now'),
            missing,
          }),
          ...schemas.problems(400, 401),
        },
      },
    },
    async (request, reply) => {
      const account = await ownAccount(request, reply, services);
      return await idempotent(request, account, async () => {
        const { found, missing } = findAll(account, request.body.ids);
        const trash = account.folderWithRole('trash');
        const inTrash = found.filter(({ folder }) => trash !== undefined && liesIn(account, folder, trash.id));
        const places = await account.cameFrom(inTrash.map(({ id }) => id));
        const inbox = account.folderWithRole('inbox')?.id as FolderId;
        const home = ({ id }: MessageMeta): FolderId => {
          const before = places.get(id);
          // What was put off does not wait any more.
          return before === undefined || account.folder(before)?.role === 'snoozed' ? inbox : before;
        };
        for (const [folder, some] of Map.groupBy(inTrash, home))
          await account.move(
            some.map(({ id }) => id),
            folder,
            some,
          );
        const where = (id: MsgId) => String(account.meta(id)?.folder ?? inbox);
        return { items: inTrash.map(({ id }) => ({ id: String(id), folder: where(id) })), missing };
      });
    },
  );
}
