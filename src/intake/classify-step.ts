/** What a step of a classification does, so that it can be done again after a crash, and undone. */
import type { EmailId, Flags, FolderId, MailAccount, MsgId } from '../mailstore/api.ts';

/** What a step does to a message. */
export interface Change {
  readonly id: MsgId;
  readonly from: FolderId;
  readonly to: FolderId | null;
  /** Those that it did not have. */
  readonly flags: Flags;
  readonly keywords: readonly string[];
  readonly copies: readonly FolderId[];
  readonly email: EmailId;
}

export interface Step {
  readonly until: number;
  readonly looked: number;
  readonly changes: readonly Change[];
}

/** Again after a crash: flags are added anew, what is copied or moved already is passed over. */
export async function applyStep(account: MailAccount, changes: readonly Change[], last: number): Promise<void> {
  for (const [, some] of grouped(changes, ({ flags, keywords }) => JSON.stringify([flags, keywords]))) {
    const { flags, keywords } = some[0]!;
    const ids = some.map(({ id }) => id);
    if (flags !== 0 || keywords.length > 0) await account.updateMessage(ids, { mode: 'add', flags, keywords });
  }
  for (const folder of new Set(changes.flatMap(({ copies }) => copies))) {
    const there = copiesIn(account, folder, last);
    const missing = changes.filter(({ copies, email }) => copies.includes(folder) && !there.has(email));
    const ids = missing.map(({ id }) => id);
    if (ids.length > 0) await account.copy(ids, folder);
  }
  for (const [, some] of grouped(changes, ({ to }) => String(to))) {
    const { to } = some[0]!;
    const ids = some.filter(({ id, from }) => account.meta(id)?.folder === from).map(({ id }) => id);
    if (to !== null && ids.length > 0) await account.move(ids, to);
  }
}

/** What somebody moved or removed since is left as it is. */
export async function undoStep(account: MailAccount, changes: readonly Change[], last: number): Promise<void> {
  for (const folder of new Set(changes.flatMap(({ copies }) => copies))) {
    const there = copiesIn(account, folder, last);
    const ids = changes.flatMap(({ copies, email }) => (copies.includes(folder) ? (there.get(email) ?? []) : []));
    if (ids.length > 0) await account.deleteMessage(ids);
  }
  for (const [, some] of grouped(changes, ({ from, to }) => `${from} ${to}`)) {
    const { from, to } = some[0]!;
    const ids = some.filter(({ id }) => to !== null && account.meta(id)?.folder === to).map(({ id }) => id);
    const back = account.folder(from)?.id ?? account.folderWithRole('inbox')?.id;
    if (ids.length > 0 && back !== undefined) await account.move(ids, back);
  }
  for (const [, some] of grouped(changes, ({ flags, keywords }) => JSON.stringify([flags, keywords]))) {
    const { flags, keywords } = some[0]!;
    const ids = some.map(({ id }) => id).filter((id) => account.meta(id) !== undefined);
    if (ids.length > 0) await account.updateMessage(ids, { mode: 'remove', flags, keywords });
  }
}

/** What came into a folder after the run began, by its content: new mail has content of its own, so the same is a copy. */
function copiesIn(account: MailAccount, folder: FolderId, last: number): ReadonlyMap<EmailId, MsgId> {
  const found = new Map<EmailId, MsgId>();
  for (const id of account.getMessageIds({ folder, sort: 'id' })) {
    const email = id > last ? account.meta(id)?.email : undefined;
    if (email !== undefined) found.set(email, id);
  }
  return found;
}

function grouped(
  changes: readonly Change[],
  keyOf: (change: Change) => string,
): ReadonlyMap<string, readonly Change[]> {
  return Map.groupBy(changes, keyOf);
}
