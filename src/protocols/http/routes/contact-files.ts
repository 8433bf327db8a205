/** Files that bring contacts, and take them. */
import { hash } from 'node:crypto';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { AddressBooks } from '../../../intake/contacts/address-book.ts';
import { exportContacts } from '../../../intake/contacts/export.ts';
import { importContacts } from '../../../intake/contacts/import.ts';
import { BOOK_LIMITS } from '../../../intake/contacts/records.ts';
import { ownAccount, signedIn } from '../auth.ts';
import { downloadHeaders } from '../content.ts';
import type { App, Services } from '../context.ts';
import { idempotent } from '../idempotency.ts';
import { Problem } from '../reply.ts';
import * as schemas from '../schemas.ts';
import type { UploadBudget } from '../uploads.ts';
import { inGroup, newId, ofGroup } from './contacts.ts';

const TAGS = ['contacts'];
const FILE_TYPES = ['text/vcard', 'text/x-vcard', 'text/directory', 'text/csv', 'application/octet-stream'];

const file = {
  description: 'The file',
  content: { 'text/vcard': { schema: z.string() }, 'text/csv': { schema: z.string() } },
};

export function contactFileRoutes(app: App, services: Services, books: AddressBooks, budget: UploadBudget): void {
  app.get(
    '/v1/contacts/export',
    {
      schema: {
        tags: TAGS,
        summary: 'Contacts as a file: vCard, or a table',
        description: 'The table has three addresses and four numbers of each at most.',
        querystring: z.strictObject({
          format: z.enum(['vcard', 'csv']).default('vcard'),
          version: z.enum(['4.0', '3.0']).default('4.0').describe('Of vCard'),
          group: ofGroup,
        }),
        response: { 200: file, ...schemas.problems(400, 401, 404) },
      },
    },
    async (request, reply) => {
      const account = await ownAccount(request, reply, services);
      const { format, version, group: of } = request.query;
      const book = await books.of(account);
      const content = await exportContacts(book, inGroup(book, book.sorted, of), { format, version });
      const [name, type] = format === 'csv' ? ['contacts.csv', 'text/csv'] : ['contacts.vcf', 'text/vcard'];
      return await reply
        .headers({ ...downloadHeaders(name, type), 'content-type': `${type}; charset=utf-8` })
        .serializer((content_: unknown) => content_ as string)
        .send(content as never);
    },
  );

  void app.register(async (inner) => {
    const scope = inner.withTypeProvider<ZodTypeProvider>();
    scope.addContentTypeParser(
      FILE_TYPES,
      { parseAs: 'buffer', bodyLimit: BOOK_LIMITS.file },
      (request, body, done) => {
        if (request.headers['idempotency-key'] !== undefined) request.bodyDigest = hash('sha256', body, 'base64url');
        done(null, body);
      },
    );
    scope.post(
      '/v1/contacts/import',
      {
        bodyLimit: BOOK_LIMITS.file,
        // Before any of it is read: who imports takes part of what all uploads may take.
        onRequest: async (request, reply) => {
          signedIn(request);
          const taken = budget.take(BOOK_LIMITS.file);
          reply.raw.once('close', () => taken[Symbol.dispose]());
        },
        schema: {
          tags: TAGS,
          summary: 'Contacts from a file: vCard 4.0, 3.0 or 2.1, or a table (CSV) with a line of names',
          description:
            'The body is the file, 5 MiB at most; what it is shows its content. Groups (CATEGORIES, groups as cards, a column) are made where there is none ' +
            'of that name. Photos, and whatever else a contact has no place for, are left out. When the address book is full, 409: what came before stays.',
          consumes: FILE_TYPES,
          querystring: z.strictObject({
            duplicates: z
              .enum(['skip', 'add'])
              .default('skip')
              .describe('Those there with the same UID, or the same name and an address or number in common'),
          }),
          response: {
            200: z.strictObject({
              format: z.enum(['vcard', 'csv']),
              added: z.int(),
              skipped: z.int().describe('There already, or twice in the file'),
              refused: z
                .array(z.strictObject({ number: z.int().describe('1 is the first of the file'), reason: z.string() }))
                .describe('The first 100'),
              groups: z.int().describe('How many were made'),
            }),
            ...schemas.problems(400, 401, 409, 413, 415, 422, 503),
          },
        },
      },
      async (request, reply) => {
        const { body } = request;
        // Another parser has read it.
        if (!Buffer.isBuffer(body)) throw new Problem('media-type');
        const account = await ownAccount(request, reply, services);
        const parts = {
          books,
          newId: () => newId(services),
          most: services.limits.contacts,
          now: services.clock.now(),
          duplicates: request.query.duplicates,
        };
        const done = await idempotent(request, account, async () => await importContacts(account, body, parts));
        return { ...done, refused: [...done.refused] };
      },
    );
  });
}
