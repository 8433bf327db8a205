/** Groups of the address book. */
import { z } from 'zod';
import type { AddressBook, AddressBooks } from '../../../intake/contacts/address-book.ts';
import { addGroup, BOOK_LIMITS, changeGroup } from '../../../intake/contacts/records.ts';
import type { MailAccount } from '../../../mailstore/api.ts';
import { ownAccount } from '../auth.ts';
import type { App, Services } from '../context.ts';
import { idempotent } from '../idempotency.ts';
import { Problem } from '../reply.ts';
import * as schemas from '../schemas.ts';
import { groupSummary, groupView, revision } from '../schemas-contacts.ts';
import { isId, newId } from './contacts.ts';

const TAGS = ['contacts'];

const name = z
  .string()
  .trim()
  .min(1)
  .max(BOOK_LIMITS.groupName)
  .regex(/^[^\x00-\x1f\x7f]*$/, 'one line of text');
const members = z.array(z.string().min(1).max(64)).max(BOOK_LIMITS.members).describe('Ids of contacts');
export function contactGroupRoutes(app: App, services: Services, books: AddressBooks): void {
  app.get(
    '/v1/contact-groups',
    {
      schema: {
        tags: TAGS,
        summary: 'Groups of contacts, by name',
        response: {
          200: z.strictObject({ items: z.array(groupSummary) }),
          ...schemas.problems(401),
        },
      },
    },
    async (request, reply) => {
      const book = await books.of(await ownAccount(request, reply, services));
      const items = book.sortedGroups.map(({ id, group }) => ({
        id,
        revision: group.revision,
        name: group.name,
        members: book.membersOf(group).length,
      }));
      return { items };
    },
  );

  app.get(
    '/v1/contact-groups/:id',
    {
      schema: {
        tags: TAGS,
        summary: 'A group, and who is in it',
        params: schemas.idParam,
        response: { 200: groupView, ...schemas.problems(401, 404) },
      },
    },
    async (request, reply) => {
      const account = await ownAccount(request, reply, services);
      return shown(await books.of(account), request.params.id);
    },
  );

  app.post(
    '/v1/contact-groups',
    {
      schema: {
        tags: TAGS,
        summary: 'One more group',
        body: z.strictObject({ name, members: members.default([]) }),
        response: { 201: groupView, ...schemas.problems(400, 401, 404, 409, 422) },
      },
    },
    async (request, reply) => {
      const account = await ownAccount(request, reply, services);
      const id = await idempotent(request, account, async () => {
        const book = await books.of(account);
        const group = { name: request.body.name, members: membersFrom(book, request.body.members) };
        if (book.groupNamed(group.name) !== undefined) throw new Problem('group-exists');
        if (book.groups.size >= BOOK_LIMITS.groups)
          throw new Problem('limit', `${BOOK_LIMITS.groups} groups are the most there can be.`);
        const made = newId(services);
        await addGroup(account, made, group);
        return made;
      });
      const group = shown(await books.of(account), id);
      return await reply.code(201).header('location', `/v1/contact-groups/${id}`).send(group);
    },
  );

  app.put(
    '/v1/contact-groups/:id',
    {
      schema: {
        tags: TAGS,
        summary: 'Another name, or other members',
        params: schemas.idParam,
        body: z.strictObject({ name, members: members.optional().describe('Absent: as they are'), revision }),
        response: { 200: groupView, ...schemas.problems(400, 401, 404, 409) },
      },
    },
    async (request, reply) => {
      const account = await ownAccount(request, reply, services);
      const { id } = request.params;
      const book = await books.of(account);
      const wanted = request.body.members && membersFrom(book, request.body.members);
      const namesake = book.groupNamed(request.body.name);
      if (namesake !== undefined && namesake.id !== id && book.groups.has(id)) throw new Problem('group-exists');
      const change = (before: { members: readonly string[] }) => ({
        name: request.body.name,
        members: wanted ?? before.members,
      });
      await changed(account, id, change, request.body.revision);
      return shown(await books.of(account), id);
    },
  );

  app.delete(
    '/v1/contact-groups/:id',
    {
      schema: {
        tags: TAGS,
        summary: 'One group less; its contacts stay',
        params: schemas.idParam,
        querystring: z.strictObject({ revision }),
        response: { 204: z.undefined().describe('Gone'), ...schemas.problems(401, 404, 409) },
      },
    },
    async (request, reply) => {
      const account = await ownAccount(request, reply, services);
      await changed(account, request.params.id, () => undefined, request.query.revision);
      return await reply.code(204).send();
    },
  );
}

async function changed(
  account: MailAccount,
  id: string,
  change: Parameters<typeof changeGroup>[2],
  revision_: string | undefined,
): Promise<void> {
  if (!isId(id) || !(await changeGroup(account, id, change, revision_))) throw new Problem('not-found');
}

/** Each once. Throws `not-found` for one that is not there. */
function membersFrom(book: AddressBook, ids: readonly string[]): string[] {
  if (ids.some((id) => !book.entries.has(id))) throw new Problem('not-found');
  return [...new Set(ids)];
}

function shown(book: AddressBook, id: string): z.output<typeof groupView> {
  const group = book.groups.get(id);
  if (group === undefined) throw new Problem('not-found');
  return {
    id,
    revision: group.revision,
    name: group.name,
    members: book.membersOf(group).map(({ id: member, contact }) => ({
      id: member,
      name: contact.name,
      address: contact.emails[0]?.address ?? null,
    })),
  };
}
