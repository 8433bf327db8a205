/** The address book: contacts, and their completion while somebody types. */
import { z } from 'zod';
import type { AddressBook, AddressBooks, Entry } from '../../../intake/contacts/address-book.ts';
import { complete } from '../../../intake/contacts/complete.ts';
import { addContacts, changeContact, changeGroup } from '../../../intake/contacts/records.ts';
import { type ContactFields, oneLine, shownName } from '../../../mail/contacts/contact.ts';
import { ownAccount } from '../auth.ts';
import type { App, Services } from '../context.ts';
import { idempotent } from '../idempotency.ts';
import { Problem } from '../reply.ts';
import * as schemas from '../schemas.ts';
import { contactView, newContact, revision } from '../schemas-contacts.ts';

const TAGS = ['contacts'];

const completion = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('contact'), name: z.string(), address: z.string(), contact: z.string() }),
  z.strictObject({ kind: z.literal('history'), name: z.string().describe('May be empty'), address: z.string() }),
  z.strictObject({ kind: z.literal('group'), name: z.string(), group: z.string(), members: z.int() }),
]);
export const ofGroup = z.string().min(1).max(64).optional().describe('Of this group only');

export function contactRoutes(app: App, services: Services, books: AddressBooks): void {
  const most = services.limits.contacts;

  app.get(
    '/v1/contacts',
    {
      schema: {
        tags: TAGS,
        summary: 'Contacts by name',
        querystring: z.strictObject({
          q: z
            .string()
            .max(200)
            .default('')
            .describe(
              'Part of a name, organization, address or number; Korean names also by initial consonants (ㄱㅊㅅ)',
            ),
          group: ofGroup,
          ...schemas.pageQuery,
        }),
        response: {
          200: schemas.pageOf(contactView).extend({ total: z.int().describe('On all pages') }),
          ...schemas.problems(400, 401, 404),
        },
      },
    },
    async (request, reply) => {
      const account = await ownAccount(request, reply, services);
      const { q, group: of, limit, cursor } = request.query;
      const book = await books.of(account);
      const found = inGroup(book, book.search(q), of);
      const list = JSON.stringify(['contacts', q, of]);
      let from = 0;
      if (cursor !== undefined) {
        const [sort, id] = services.cursors.read(account.id, list, cursor) as [string, string];
        from = found.findIndex((entry) => entry.sort > sort || (entry.sort === sort && entry.id > id));
        if (from < 0) from = found.length;
      }
      const page = found.slice(from, from + limit);
      const last = page.at(-1);
      return {
        items: page.map((entry) => view(book, entry)),
        total: found.length,
        ...(last !== undefined &&
          from + page.length < found.length && {
            next: services.cursors.make(account.id, list, [last.sort, last.id]),
          }),
      };
    },
  );

  app.get(
    '/v1/contacts/suggest',
    {
      schema: {
        tags: TAGS,
        summary: 'Whom somebody means who begins to type an address',
        description:
          'People of the address book, groups, and people one has written to, the likeliest first; each address once. Empty: those who are written to most.',
        querystring: z.strictObject({
          q: z.string().max(100).default(''),
          limit: z.coerce.number().int().min(1).max(20).default(8),
        }),
        response: { 200: z.strictObject({ items: z.array(completion) }), ...schemas.problems(400, 401) },
      },
    },
    async (request, reply) => {
      const account = await ownAccount(request, reply, services);
      const { q, limit } = request.query;
      return { items: [...(await complete(account, await books.of(account), q, limit))] };
    },
  );

  app.get(
    '/v1/contacts/:id',
    {
      schema: {
        tags: TAGS,
        summary: 'One contact',
        params: schemas.idParam,
        response: { 200: contactView, ...schemas.problems(401, 404) },
      },
    },
    async (request, reply) => {
      const account = await ownAccount(request, reply, services);
      return shown(await books.of(account), request.params.id);
    },
  );

  app.post(
    '/v1/contacts',
    {
      schema: {
        tags: TAGS,
        summary: 'One more contact',
        body: newContact,
        response: { 201: contactView, ...schemas.problems(400, 401, 409, 422) },
      },
    },
    async (request, reply) => {
      const account = await ownAccount(request, reply, services);
      const kept = named(request.body);
      const id = await idempotent(request, account, async () => {
        if ((await books.of(account)).entries.size >= most)
          throw new Problem('limit', `An address book holds ${most} contacts.`);
        const made = newId(services);
        await addContacts(account, [{ id: made, fields: kept }], services.clock.now());
        return made;
      });
      const contact = shown(await books.of(account), id);
      return await reply.code(201).header('location', `/v1/contacts/${id}`).send(contact);
    },
  );

  app.put(
    '/v1/contacts/:id',
    {
      schema: {
        tags: TAGS,
        summary: 'All of a contact anew',
        params: schemas.idParam,
        body: newContact.extend({ revision }),
        response: { 200: contactView, ...schemas.problems(400, 401, 404, 409) },
      },
    },
    async (request, reply) => {
      const account = await ownAccount(request, reply, services);
      const { revision: expected, ...rest } = request.body;
      const how = { revision: expected, now: services.clock.now() };
      const { id } = request.params;
      if (!isId(id) || !(await changeContact(account, id, named(rest), how))) throw new Problem('not-found');
      return shown(await books.of(account), id);
    },
  );

  app.delete(
    '/v1/contacts/:id',
    {
      schema: {
        tags: TAGS,
        summary: 'One contact less',
        params: schemas.idParam,
        querystring: z.strictObject({ revision }),
        response: { 204: z.undefined().describe('Gone'), ...schemas.problems(401, 404, 409) },
      },
    },
    async (request, reply) => {
      const account = await ownAccount(request, reply, services);
      const how = { revision: request.query.revision, now: services.clock.now() };
      const { id } = request.params;
      if (!isId(id) || !(await changeContact(account, id, undefined, how))) throw new Problem('not-found');
      return await reply.code(204).send();
    },
  );

  app.post(
    '/v1/contacts/batch',
    {
      schema: {
        tags: TAGS,
        summary: 'Several contacts: delete them, or put them into a group or out of it',
        description: 'Those that are not there are passed over.',
        body: z
          .strictObject({
            ids: z.array(z.string().min(1).max(64)).min(1).max(500),
            delete: z.literal(true).optional(),
            addTo: z.string().min(1).max(64).optional().describe('Group'),
            removeFrom: z.string().min(1).max(64).optional().describe('Group'),
          })
          .refine(
            (b) => [b.delete, b.addTo, b.removeFrom].filter((one) => one !== undefined).length === 1,
            'one of delete, addTo and removeFrom',
          ), // prettier-ignore
        response: {
          200: z.strictObject({ changed: z.int() }),
          ...schemas.problems(400, 401, 404, 409),
        },
      },
    },
    async (request, reply) => {
      const account = await ownAccount(request, reply, services);
      const { ids, addTo, removeFrom } = request.body;
      const book = await books.of(account);
      const there = [...new Set(ids)].filter((id) => book.entries.has(id));
      const wanted = addTo ?? removeFrom;
      let changed = 0;
      if (wanted === undefined) {
        const how = { revision: undefined, now: services.clock.now() };
        for (const id of there) if (await changeContact(account, id, undefined, how)) changed++;
      } else {
        const found =
          book.groups.has(wanted) &&
          (await changeGroup(account, wanted, (before) => {
            const members = new Set(before.members.filter((id) => book.entries.has(id)));
            const size = members.size;
            for (const id of there)
              if (addTo === undefined) members.delete(id);
              else members.add(id);
            changed = Math.abs(members.size - size);
            return { name: before.name, members: [...members] };
          })); // prettier-ignore
        if (!found) throw new Problem('not-found');
      }
      return { changed };
    },
  );
}

/** Not only so that it is shown: what has no name at all nobody finds again. */
function named(body: z.output<typeof newContact>): ContactFields {
  const name = oneLine(shownName(body));
  if (name === '') throw new Problem('invalid', 'A contact has a name, an organization, an address or a number.');
  return { ...body, name };
}

export function newId({ random }: Services): string {
  return Buffer.from(random.bytes(12)).toString('base64url');
}

export function isId(id: string): boolean {
  return /^[\w-]{1,40}$/.test(id);
}

/** Throws `not-found` for a group that is not there. */
export function inGroup(book: AddressBook, entries: readonly Entry[], of: string | undefined): readonly Entry[] {
  if (of === undefined) return entries;
  const wanted = book.groups.get(of);
  if (wanted === undefined) throw new Problem('not-found');
  const members = new Set(wanted.members);
  return entries.filter(({ id }) => members.has(id));
}

function shown(book: AddressBook, id: string): z.output<typeof contactView> {
  const entry = book.entries.get(id);
  if (entry === undefined) throw new Problem('not-found');
  return view(book, entry);
}

function view(book: AddressBook, { id, contact }: Entry): z.output<typeof contactView> {
  const { uid: _uid, updated, emails, phones, addresses, websites, ...rest } = contact;
  return {
    ...rest,
    id,
    updated: new Date(updated).toISOString(),
    groups: book.groupsOf(id).map((one) => one.id),
    emails: [...emails],
    phones: [...phones],
    addresses: [...addresses],
    websites: [...websites],
  };
}
