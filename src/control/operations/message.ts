/** Messages in and out of an account, for `pabal import` and `pabal export`. */
import { z } from 'zod';
import { beginImport, importMessage as importInto } from '../../intake/import-mail.ts';
import { MailError } from '../../mail/error.ts';
import { Flag, type MailAccount, type MsgId } from '../../mailstore/api.ts';
import { operation } from '../operation.ts';
import type { Service } from '../service.ts';
import { knownAccount } from './account.ts';

const IMPORT = { kind: 'system', role: 'import' } as const;
const address = z.string().min(1).max(400);

async function opened<T>(service: Service, at: string, act: (account: MailAccount) => Promise<T>): Promise<T> {
  const { id } = await knownAccount(service.directory, at);
  using account = await service.mailstore.open(IMPORT, id);
  await account.refresh();
  return await act(account);
}

/** Tells since when this source is being imported: the day is part of the ids by which messages are known again. */
export const importBegin = operation(
  'import.begin',
  z.strictObject({ address, source: z.string().max(5000) }),
  (service, args) => opened(service, args.address, (account) => beginImport(account, args.source, service.clock.now())),
);

export const importMessage = operation(
  'import.message',
  z.strictObject({
    address,
    folder: z.string().min(1).max(1000),
    flags: z.int().min(0).max(31),
    keywords: z.array(z.string().max(100)).max(100),
    internalDate: z.number().optional(),
    day: z.int().nonnegative(),
    /** Tells apart equal messages of one source. */
    copy: z.int().nonnegative(),
  }),
  (service, args, io) =>
    opened(service, args.address, async (account) => {
      const pieces: Uint8Array[] = [];
      for await (const piece of io.body) pieces.push(piece);
      const folder = account.folderAt(args.folder) ?? (await makeFolder(account, args.folder));
      const { flags, keywords, internalDate, day, copy } = args;
      const how = { folder: folder.id, flags, keywords, internalDate, day, copy };
      const placed = await importInto(account, Buffer.concat(pieces), how);
      return { duplicate: placed.duplicate };
    }),
);

async function makeFolder(account: MailAccount, path: string) {
  try {
    const folder = await account.createFolder(path);
    await account.subscribe(folder.path, true);
    return folder;
  } catch (error) {
    // Another message of the same import was faster.
    const folder = account.folderAt(path);
    if (error instanceof MailError && error.code === 'folder-exists' && folder !== undefined) return folder;
    throw error;
  }
}

export interface ListedMessage {
  readonly id: number;
  readonly folder: string;
  readonly flags: readonly string[];
  readonly internalDate: number;
  readonly size: number;
}

const exportArgs = z.strictObject({
  address,
  folder: z.string().optional(),
  /** Only those that have this in Message-ID, with its angle brackets. */
  messageId: z.string().max(1000).optional(),
});

export const exportList = operation<
  { address: string; folder?: string | undefined; messageId?: string | undefined },
  { messages: number },
  ListedMessage
>('export.list', exportArgs, (service, args, io) =>
  opened(service, args.address, async (account) => {
    const only = args.folder === undefined ? undefined : account.folderAt(args.folder);
    if (args.folder !== undefined && only === undefined)
      throw new MailError('folder-missing', 'user', `${args.address} has no folder ${args.folder}`);
    let messages = 0;
    for (const folder of only === undefined ? account.folders() : [only]) {
      for (const id of account.getMessageIds({ folder: folder.id, sort: 'id' })) {
        const meta = account.meta(id);
        if (meta === undefined) continue;
        if (args.messageId !== undefined && !(await hasMessageId(account, id, args.messageId))) continue;
        const { internalDate, size, keywords } = meta;
        const flags = [...flagNames(meta.flags), ...keywords];
        io.item({ id, folder: folder.path, flags, internalDate, size });
        if (++messages % 200 === 0) await io.taken();
      }
    }
    return { messages };
  }),
);

async function hasMessageId(account: MailAccount, id: MsgId, messageId: string): Promise<boolean> {
  try {
    const { envelope } = await account.details(id);
    return envelope.messageId === messageId;
  } catch (error) {
    // What cannot be read is not the one; `verify` tells of it.
    if (error instanceof MailError && error.code === 'damaged') return false;
    throw error;
  }
}

/** The raw message as items of base64. `found` is false when it is gone by now. */
export const exportMessage = operation<{ address: string; id: number }, { found: boolean }, string>(
  'export.message',
  z.strictObject({ address, id: z.int().nonnegative() }),
  (service, args, io) =>
    opened(service, args.address, async (account) => {
      if (account.meta(args.id as MsgId) === undefined) return { found: false };
      const body = await account.body(args.id as MsgId);
      for await (const piece of body.stream()) {
        io.item(Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength).toString('base64'));
        await io.taken();
      }
      return { found: true };
    }),
);

function flagNames(flags: number): string[] {
  return Object.entries(Flag).flatMap(([name, bit]) => ((flags & bit) === 0 ? [] : [`\\${name}`]));
}
