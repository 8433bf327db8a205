/** Folders: list, make, rename, describe, delete, and the messages of one. */
import { z } from 'zod';
import type { Folder, FolderId, MailAccount } from '../../../mailstore/api.ts';
import { ownAccount } from '../auth.ts';
import type { App, Services } from '../context.ts';
import { colourFolder, FolderLooks, MOST_ORDERED, orderFolders } from '../folder-looks.ts';
import { idempotent } from '../idempotency.ts';
import { listFrom, listMessages, numberId, SORTED_TEXT } from '../listing.ts';
import { Problem } from '../reply.ts';
import * as schemas from '../schemas.ts';
import type { SortKeys } from '../sort-keys.ts';
import { summaries } from '../view.ts';

const TAGS = ['folders'];

/** One level of a path. What makes a usable name is the mail store's to say; '/' would be two levels. */
const name = z
  .string()
  .min(1)
  .max(255)
  .regex(/^[^/]*$/, 'a name contains no "/": use parent');
const description = z.string().max(1_000);
const colour = schemas.colour.nullable().describe('In which lists show it; null: none of its own');
const parent = z.string().min(1).max(64).nullable().describe('Id of the folder it lies in; null at the top');

const newFolder = z.strictObject({
  name,
  parent: parent.optional(),
  description: description.optional(),
  colour: colour.optional(),
});
const folderChange = z
  .strictObject({
    name: name.optional(),
    parent: parent.optional(),
    description: description.optional(),
    colour: colour.optional(),
    subscribed: z.boolean().optional(),
  })
  .refine((change) => Object.values(change).some((v) => v !== undefined), 'nothing to change');

const listQuery = z.strictObject({
  ...schemas.pageQuery,
  unread: schemas.flag.optional(),
  flagged: schemas.flag.optional(),
  attachment: z.literal('true').optional().describe('Only messages that have one'),
  sort: z.enum(['date', 'from', 'subject', 'size']).default('date'),
  order: z.enum(['asc', 'desc']).default('desc'),
  offset: z.coerce
    .number()
    .int()
    .min(0)
    .max(100_000_000)
    .optional()
    .describe(
      `Instead of a cursor: begins behind so many; sorted by sender or subject only the first ${SORTED_TEXT} can be had`,
    ),
});

export function folderRoutes(app: App, services: Services, sortKeys: SortKeys): void {
  app.get(
    '/v1/folders',
    {
      schema: {
        tags: TAGS,
        summary: 'All folders',
        description:
          'Each behind the one it lies in; beside each other in the order that was wished for, then INBOX, then by name.',
        response: { 200: z.strictObject({ items: z.array(schemas.folder) }), ...schemas.problems(401) },
      },
    },
    async (request, reply) => {
      const account = await ownAccount(request, reply, services);
      const looks = await FolderLooks.of(account);
      return { items: looks.sorted(account.folders()).map((folder) => folderView(folder, looks)) };
    },
  );

  app.post(
    '/v1/folders',
    {
      schema: {
        tags: TAGS,
        summary: 'Make a folder',
        body: newFolder,
        response: { 201: schemas.folder, ...schemas.problems(400, 401, 404, 409) },
      },
    },
    async (request, reply) => {
      const { name, parent, description, colour: wanted = null } = request.body;
      const account = await ownAccount(request, reply, services);
      const made = await idempotent(request, account, async () => {
        const path = pathIn(account, parent ?? null, name);
        const folder = await account.createFolder(path, description === undefined ? {} : { description });
        if (wanted !== null) await colourFolder(account, folder.id, wanted);
        return folderView(folder, await FolderLooks.of(account));
      });
      return await reply.code(201).header('location', `/v1/folders/${made.id}`).send(made);
    },
  );

  app.get(
    '/v1/folders/:id',
    {
      schema: {
        tags: TAGS,
        summary: 'One folder',
        params: schemas.idParam,
        response: { 200: schemas.folder, ...schemas.problems(401, 404) },
      },
    },
    async (request, reply) => {
      const account = await ownAccount(request, reply, services);
      return folderView(folderOf(account, request.params.id), await FolderLooks.of(account));
    },
  );

  app.put(
    '/v1/folders/order',
    {
      schema: {
        tags: TAGS,
        summary: 'In which order folders beside each other are listed',
        description: 'One list for all levels. Folders that it does not name come behind: INBOX, then by name.',
        body: z.strictObject({ items: z.array(z.string().min(1).max(64)).max(MOST_ORDERED) }),
        response: { 204: z.undefined().describe('Kept'), ...schemas.problems(400, 401, 404) },
      },
    },
    async (request, reply) => {
      const account = await ownAccount(request, reply, services);
      const wanted = request.body.items.map((one) => folderOf(account, one).id);
      await orderFolders(account, [...new Set(wanted)]);
      return await reply.code(204).send();
    },
  );

  app.patch(
    '/v1/folders/:id',
    {
      schema: {
        tags: TAGS,
        summary: 'Rename, move, describe, colour or subscribe a folder',
        params: schemas.idParam,
        body: folderChange,
        response: { 200: schemas.folder, ...schemas.problems(400, 401, 404, 409) },
      },
    },
    async (request, reply) => {
      const account = await ownAccount(request, reply, services);
      const before = folderOf(account, request.params.id);
      const change = request.body;
      // The one that may be refused comes first.
      if (change.name !== undefined || change.parent !== undefined) {
        const up = change.parent === undefined ? (before.parent ?? null) : change.parent;
        const path = pathIn(account, up === null ? null : String(up), change.name ?? before.name);
        // Renamed over IMAP it only gives its messages away (RFC 9051 §6.3.6), which nobody expects of a PATCH.
        if (path !== before.path && before.role === 'inbox') throw new Problem('folder-protected');
        if (path !== before.path) await account.renameFolder(before.id, path);
      }
      if (change.description !== undefined) await account.describeFolder(before.id, change.description);
      if (change.colour !== undefined) await colourFolder(account, before.id, change.colour);
      if (change.subscribed !== undefined)
        await account.subscribe(folderOf(account, request.params.id).path, change.subscribed);
      return folderView(folderOf(account, request.params.id), await FolderLooks.of(account));
    },
  );

  app.delete(
    '/v1/folders/:id',
    {
      schema: {
        tags: TAGS,
        summary: 'Delete a folder with its messages',
        params: schemas.idParam,
        response: { 204: z.undefined().describe('Gone'), ...schemas.problems(401, 404, 409) },
      },
    },
    async (request, reply) => {
      const account = await ownAccount(request, reply, services);
      await account.deleteFolder(folderOf(account, request.params.id).id);
      return await reply.code(204).send();
    },
  );

  app.post(
    '/v1/folders/:id/empty',
    {
      schema: {
        tags: TAGS,
        summary: 'Delete for ever what is in Trash, in Junk, or in a folder below Trash',
        description:
          'With the folders in it. What comes in meanwhile stays. 409 `folder-protected` for any other folder.',
        params: schemas.idParam,
        response: {
          200: z.strictObject({ deleted: z.int().describe('Messages') }),
          ...schemas.problems(401, 404, 409),
        },
      },
    },
    async (request, reply) => {
      const account = await ownAccount(request, reply, services);
      return { deleted: await empty(account, folderOf(account, request.params.id)) };
    },
  );

  app.get(
    '/v1/folders/:id/messages',
    {
      schema: {
        tags: TAGS,
        summary: 'The messages of a folder, newest first unless asked otherwise',
        params: schemas.idParam,
        querystring: listQuery,
        response: {
          200: schemas.pageOf(schemas.messageSummary).extend({
            total: z.int().optional().describe('Messages in the whole list; with offset only'),
          }),
          ...schemas.problems(400, 401, 404),
        },
      },
    },
    async (request, reply) => {
      const account = await ownAccount(request, reply, services);
      const { limit, cursor, offset, unread, flagged, attachment, sort, order } = request.query;
      const { id: folder } = folderOf(account, request.params.id);
      const filter = {
        ...(unread !== undefined && { unread }),
        ...(flagged !== undefined && { flagged }),
        ...(attachment !== undefined && { attachment: true as const }),
      };
      if (offset !== undefined) {
        if (cursor !== undefined) throw new Problem('invalid', 'One of offset and cursor.');
        const { ids, total } = await listFrom(account, { folder, sort, order, ...filter }, { offset, limit }, sortKeys);
        return { items: await summaries(account, ids), total };
      }
      const tools = { cursors: services.cursors, sortKeys };
      const page = await listMessages(account, { folder, sort, order, ...filter }, { limit, cursor }, tools);
      return { items: await summaries(account, page.ids), ...(page.next !== undefined && { next: page.next }) };
    },
  );
}

/** A commit has room for more; between two others have their turn. */
const DELETED_AT_ONCE = 1_000;

async function empty(account: MailAccount, folder: Folder): Promise<number> {
  const trash = account.folderWithRole('trash');
  if (folder.role !== 'junk' && !(trash !== undefined && liesIn(account, folder.id, trash.id)))
    throw new Problem('folder-protected');
  let deleted = 0;
  // The deepest first: a folder goes when there is none in it.
  const inside = account.folders().filter(({ id }) => id !== folder.id && liesIn(account, id, folder.id));
  inside.sort((a, b) => b.path.length - a.path.length);
  for (const one of [...inside, folder]) {
    const ids = account.getMessageIds({ folder: one.id });
    for (let at = 0; at < ids.length; at += DELETED_AT_ONCE) {
      const some = ids.slice(at, at + DELETED_AT_ONCE).flatMap((id) => account.meta(id) ?? []);
      // What is taken out meanwhile stays.
      await account.deleteMessage(
        some.map(({ id }) => id),
        { as: some },
      );
      deleted += some.length;
    }
    if (one !== folder) await account.deleteFolder(one.id);
  }
  return deleted;
}

/** In the folder, or in one below it. */
export function liesIn(account: MailAccount, folder: FolderId, above: FolderId): boolean {
  for (let at: FolderId | undefined = folder; at !== undefined; at = account.folder(at)?.parent)
    if (at === above) return true;
  return false;
}

/** By id, or by role: `/v1/folders/inbox`. */
export function folderOf(account: MailAccount, wire: string): Folder {
  const byRole = account.folders().find((f) => f.role === wire);
  const folder = byRole ?? account.folder(numberId<FolderId>(wire, 'folder-missing'));
  if (folder === undefined) throw new Problem('folder-missing');
  return folder;
}

function pathIn(account: MailAccount, parent: string | null, name: string): string {
  return parent === null ? name : `${folderOf(account, parent).path}/${name}`;
}

function folderView(folder: Folder, looks: FolderLooks): z.output<typeof schemas.folder> {
  const { id, parent, role, name, path, description, subscribed, total, unread, bytes } = folder;
  return {
    id: String(id),
    name,
    path,
    parent: parent === undefined ? null : String(parent),
    role: role ?? null,
    description,
    colour: looks.colour(id),
    subscribed,
    total,
    unread,
    bytes,
  };
}
