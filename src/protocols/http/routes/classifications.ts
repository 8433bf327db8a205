/** The rules, run once over mail that is there already; and a folder that is tidied up. */
import { z } from 'zod';
import type { Classification, Classifier } from '../../../intake/classify.ts';
import { RULE_LIMITS } from '../../../mail/rules/rule.ts';
import { ownAccount } from '../auth.ts';
import type { App, Services } from '../context.ts';
import { idempotent } from '../idempotency.ts';
import { Problem } from '../reply.ts';
import * as schemas from '../schemas.ts';
import { folderOf } from './folders.ts';

const TAGS = ['rules'];

const wanted = z.strictObject({
  folder: z
    .string()
    .min(1)
    .max(64)
    .optional()
    .describe('Folder (id or role); absent: all but Drafts, Sent, Junk and Trash'),
  rules: z
    .array(z.string().max(40))
    .min(1)
    .max(RULE_LIMITS.rules)
    .optional()
    .describe('Ids of rules, also of some that are switched off; absent: all that are not'),
  preview: z.boolean().default(false).describe('Only say what would be done'),
});

const DAY_MS = 86_400_000;
const tidying = z
  .strictObject({
    olderThanDays: z.int().min(1).max(36_500).optional().describe('It came so many days ago, or earlier'),
    sender: z.string().trim().min(1).max(200).optional().describe("Part of its author's name or address"),
    largerThan: z
      .int()
      .min(0)
      .max(2 ** 31 - 1)
      .optional()
      .describe('Bytes'), // prettier-ignore
    flagged: z.boolean().default(false).describe('Flagged mail goes, too'),
    to: z.string().min(1).max(64).default('trash').describe('Folder (id or role) to which it goes'),
    preview: z.boolean().default(false).describe('Only say what would be done'),
  })
  .refine(
    ({ olderThanDays, sender, largerThan }) => [olderThanDays, sender, largerThan].some((one) => one !== undefined),
    'one of olderThanDays, sender and largerThan says what shall go',
  );

const classification = z.strictObject({
  id: z.string(),
  state: z.enum(['running', 'done', 'cancelled', 'failed', 'undoing', 'undone']),
  preview: z.boolean(),
  folder: z.string().nullable(),
  tidy: z.boolean().describe('It tidies a folder up, and asks no rules'),
  created: z.iso.datetime(),
  total: z.int(),
  looked: z.int().describe('How far it is'),
  matched: z.int().describe('Messages that it changed, or would change'),
  targets: z.array(z.strictObject({ folder: z.string(), count: z.int() })).describe('How many went where'),
  examples: z.array(z.strictObject({ id: z.string(), to: z.string().nullable() })).describe('The first of them'),
  reason: z.string().optional().describe('Why it failed'),
});

export function classificationRoutes(app: App, services: Services, classifier: Classifier): void {
  app.post(
    '/v1/classifications',
    {
      schema: {
        tags: TAGS,
        summary: 'Run the rules over mail that is there already',
        description:
          'It moves, copies and marks; it forwards and refuses nothing. It goes on after a restart. Mail that comes meanwhile is not looked at.',
        body: wanted,
        response: { 202: classification, ...schemas.problems(400, 401, 404, 409) },
      },
    },
    async (request, reply) => {
      const account = await ownAccount(request, reply, services);
      const { folder, rules, preview } = request.body;
      const id = folder === undefined ? null : folderOf(account, folder).id;
      const run = await idempotent(request, account, async () =>
        view(await classifier.start(account, { folder: id, rules: rules ?? null, preview })),
      );
      return await reply.code(202).header('location', `/v1/classifications/${run.id}`).send(run);
    },
  );

  app.post(
    '/v1/folders/:id/tidy',
    {
      schema: {
        tags: TAGS,
        summary: 'Move what is old, large, or from somebody out of a folder',
        description:
          'All that is said must hold. It is a run as those of POST /v1/classifications: GET /v1/classifications/{id} says how far it is, and …/undo brings all back.',
        params: schemas.idParam,
        body: tidying,
        response: { 202: classification, ...schemas.problems(400, 401, 404, 409) },
      },
    },
    async (request, reply) => {
      const account = await ownAccount(request, reply, services);
      const { olderThanDays, sender, largerThan, flagged, to, preview } = request.body;
      const folder = folderOf(account, request.params.id).id;
      const target = folderOf(account, to).id;
      if (target === folder) throw new Problem('invalid', 'It would stay where it is.');
      const tidy = {
        ...(olderThanDays !== undefined && { before: services.clock.now() - olderThanDays * DAY_MS }),
        ...(sender !== undefined && { sender }),
        ...(largerThan !== undefined && { larger: largerThan }),
        flagged,
        to: target,
      };
      const run = await idempotent(request, account, async () =>
        view(await classifier.start(account, { folder, rules: null, tidy, preview })),
      );
      return await reply.code(202).header('location', `/v1/classifications/${run.id}`).send(run);
    },
  );

  app.get(
    '/v1/classifications',
    {
      schema: {
        tags: TAGS,
        summary: 'The last runs, the newest first',
        response: { 200: z.strictObject({ items: z.array(classification) }), ...schemas.problems(401) },
      },
    },
    async (request, reply) => {
      const account = await ownAccount(request, reply, services);
      return { items: (await classifier.list(account)).map(view) };
    },
  );

  app.get(
    '/v1/classifications/:id',
    {
      schema: {
        tags: TAGS,
        summary: 'How far a run is, and what it does',
        params: schemas.idParam,
        response: { 200: classification, ...schemas.problems(401, 404) },
      },
    },
    async (request, reply) => {
      const account = await ownAccount(request, reply, services);
      const run = await classifier.get(account, request.params.id);
      if (run === undefined) throw new Problem('not-found');
      return view(run);
    },
  );

  app.delete(
    '/v1/classifications/:id',
    {
      schema: {
        tags: TAGS,
        summary: 'Stop a run; what it did stays, and can be undone',
        params: schemas.idParam,
        response: { 204: z.undefined().describe('It has stopped'), ...schemas.problems(401, 404, 409) },
      },
    },
    async (request, reply) => {
      const account = await ownAccount(request, reply, services);
      const { id } = request.params;
      if ((await classifier.get(account, id)) === undefined) throw new Problem('not-found');
      if (!(await classifier.cancel(account, id))) throw new Problem('conflict', 'It does not run any more.');
      return await reply.code(204).send();
    },
  );

  app.post(
    '/v1/classifications/:id/undo',
    {
      schema: {
        tags: TAGS,
        summary: 'Undo what a run did',
        description: 'What was moved or removed since by somebody else is left as it is.',
        params: schemas.idParam,
        response: { 202: classification, ...schemas.problems(400, 401, 404, 409) },
      },
    },
    async (request, reply) => {
      const account = await ownAccount(request, reply, services);
      const { id } = request.params;
      if ((await classifier.get(account, id)) === undefined) throw new Problem('not-found');
      const run = await idempotent(request, account, async () => view(await classifier.undo(account, id)));
      return await reply.code(202).send(run);
    },
  );
}

function view(run: Classification): z.output<typeof classification> {
  const { id, state, preview, folder, created, total, looked, matched, targets, examples, reason } = run;
  return {
    id,
    state,
    preview,
    folder: folder === null ? null : String(folder),
    tidy: run.tidy !== undefined,
    created: new Date(created).toISOString(),
    total,
    looked,
    matched,
    targets: targets.map(([to, count]) => ({ folder: String(to), count })),
    examples: examples.map(({ id: message, to }) => ({ id: String(message), to: to === null ? null : String(to) })),
    ...(reason !== undefined && { reason }),
  };
}
