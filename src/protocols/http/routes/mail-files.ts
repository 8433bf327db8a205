/** Mail out of files into a folder, and a folder's mail into a file. */
import { hash } from 'node:crypto';
import { Readable } from 'node:stream';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { beginImport, importMessage } from '../../../intake/import-mail.ts';
import { withCrlf } from '../../../mail/crlf.ts';
import { mboxEntry } from '../../../mail/mbox.ts';
import { Flag, type FolderId, type MailAccount } from '../../../mailstore/api.ts';
import { ownAccount, signedIn } from '../auth.ts';
import { downloadHeaders } from '../content.ts';
import type { App, Services } from '../context.ts';
import { idempotent } from '../idempotency.ts';
import { Problem } from '../reply.ts';
import * as schemas from '../schemas.ts';
import type { UploadBudget } from '../uploads.ts';
import { folderOf } from './folders.ts';

const TAGS = ['folders'];
const MESSAGE = 'message/rfc822';

export function mailFileRoutes(app: App, services: Services, budget: UploadBudget): void {
  const { limits, clock } = services;

  app.get(
    '/v1/folders/:id/mbox',
    {
      // It would read all of it for nothing.
      exposeHeadRoute: false,
      schema: {
        tags: TAGS,
        summary: 'The messages of a folder as one file (mbox, RFC 4155)',
        description: 'Made while it is sent. What `pabal import`, the web client and other mail programs read again.',
        params: schemas.idParam,
        response: {
          200: { description: 'The file', content: { 'application/mbox': { schema: z.string() } } },
          ...schemas.problems(401, 404),
        },
      },
    },
    async (request, reply) => {
      const account = await ownAccount(request, reply, services);
      const folder = folderOf(account, request.params.id);
      reply.headers(downloadHeaders(`${folder.name}.mbox`, 'application/mbox'));
      return await reply.send(Readable.from(entries(account, folder.id)) as never);
    },
  );

  void app.register(async (inner) => {
    const scope = inner.withTypeProvider<ZodTypeProvider>();
    scope.addContentTypeParser(MESSAGE, { parseAs: 'buffer', bodyLimit: limits.message }, (request, body, done) => {
      if (request.headers['idempotency-key'] !== undefined) request.bodyDigest = hash('sha256', body, 'base64url');
      done(null, body);
    });
    scope.post(
      '/v1/folders/:id/messages',
      {
        bodyLimit: limits.message,
        // Before any of it is read: who uploads takes part of what all uploads may take.
        onRequest: async (request, reply) => {
          signedIn(request);
          const announced = Number(request.headers['content-length'] ?? limits.message);
          const taken = budget.take(Math.min(limits.message, announced));
          reply.raw.once('close', () => taken[Symbol.dispose]());
        },
        schema: {
          tags: TAGS,
          summary: 'Put a message into a folder as it is: it is sent to nobody',
          description:
            'The body is the message, with LF or CRLF. Messages of one `source` that were put there in the last twelve days are known again, so an import ' +
            'that was interrupted can be made anew.',
          consumes: [MESSAGE],
          params: schemas.idParam,
          querystring: z.strictObject({
            source: z.string().min(1).max(1_000).describe('Of what it is a part: name and size of a file, say'),
            copy: z.coerce
              .number()
              .int()
              .min(0)
              .max(1_000_000)
              .default(0)
              .describe('How many equal messages of that source came before'),
            received: z.iso.datetime().optional().describe('Absent: now'),
            read: schemas.flag.default(false),
            answered: schemas.flag.default(false),
            flagged: schemas.flag.default(false),
            draft: schemas.flag.default(false),
            keywords: z
              .string()
              .max(4_000)
              .default('')
              .transform((words) => words.split(' ').filter((word) => word !== ''))
              .pipe(z.array(schemas.keyword).max(100))
              .describe('With blanks between them'),
          }),
          response: {
            201: z.strictObject({ id: z.string(), known: z.boolean().describe('It was there from an earlier time') }),
            ...schemas.problems(400, 401, 404, 413, 415, 503, 507),
          },
        },
      },
      async (request, reply) => {
        const { body } = request;
        // Another parser has read it.
        if (!Buffer.isBuffer(body)) throw new Problem('media-type');
        const account = await ownAccount(request, reply, services);
        const folder = folderOf(account, request.params.id).id;
        const { source, copy, received, keywords, ...flags } = request.query;
        const made = await idempotent(request, account, async () => {
          const { day } = await beginImport(account, source, clock.now());
          const internalDate = received === undefined ? undefined : Date.parse(received);
          const how = { folder, flags: bitsOf(flags), keywords, internalDate, day, copy };
          const { id, duplicate } = await importMessage(account, withCrlf(body), how);
          return { id: String(id), known: duplicate };
        });
        return await reply.code(201).header('location', `/v1/messages/${made.id}`).send(made);
      },
    );
  });
}

interface GivenFlags {
  readonly read: boolean;
  readonly answered: boolean;
  readonly flagged: boolean;
  readonly draft: boolean;
}

function bitsOf({ read, answered, flagged, draft }: GivenFlags): number {
  return (
    (read ? Flag.seen : 0) | (answered ? Flag.answered : 0) | (flagged ? Flag.flagged : 0) | (draft ? Flag.draft : 0)
  );
}

/** What goes meanwhile is left out. */
async function* entries(account: MailAccount, folder: FolderId): AsyncGenerator<Uint8Array> {
  for (const id of account.getMessageIds({ folder, sort: 'id' })) {
    const meta = account.meta(id);
    if (meta === undefined || meta.folder !== folder) continue;
    const body = await account.body(id);
    const flags = Object.entries(Flag).flatMap(([name, bit]) => ((meta.flags & bit) === 0 ? [] : [`\\${name}`]));
    const raw = await body.bytes(0, body.size);
    yield mboxEntry({ flags: [...flags, ...meta.keywords], date: meta.internalDate, raw });
  }
}
