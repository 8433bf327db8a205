/** Where messages were before they came into Trash: the log of changes knows it, whoever put them there and by whichever protocol. */
import type { KeyValueStore, Version } from '../ports/kv.ts';
import type { EmailId, FolderId, MsgId } from './api.ts';
import { accountPartition } from './keys.ts';
import { readLog } from './log.ts';
import type { MailboxIndex } from './mailbox-index.ts';
import type { LogRow } from './state.ts';

/** Versions read at once, from the newest back: what is asked for was mostly deleted lately. */
const STEP = 500;

export async function cameFrom(
  kv: KeyValueStore,
  index: MailboxIndex,
  ids: readonly MsgId[],
): Promise<ReadonlyMap<MsgId, FolderId>> {
  const inTrash = trashOf(index);
  const emails = new Map<EmailId, MsgId>();
  for (const id of ids) {
    const meta = index.meta(id);
    if (meta !== undefined && inTrash.has(meta.folder)) emails.set(meta.email, id);
  }
  const wanted = new Set(emails.values());
  const moved = new Map<MsgId, FolderId>();
  /** Of messages with the same content: what programs that know no MOVE leave behind (COPY and EXPUNGE). */
  const removed = new Map<MsgId, FolderId>();
  const { logFloor, lastRow } = index.facts;
  for (let end: Version = lastRow + 1; end > logFloor && moved.size < wanted.size; end -= STEP) {
    const rows: LogRow[] = [];
    for await (const page of readLog(kv, accountPartition(index.account), Math.max(logFloor, end - STEP), end))
      rows.push(...page);
    for (const { changes } of rows.reverse())
      for (const change of changes) {
        if (change.type === 'moved' && wanted.has(change.message.id) && inTrash.has(change.message.folder)) {
          const { id } = change.message;
          if (!moved.has(id) && !inTrash.has(change.from)) moved.set(id, change.from);
        } else if (change.type === 'removed' && !inTrash.has(change.folder)) {
          const id = emails.get(change.email);
          if (id !== undefined && !removed.has(id)) removed.set(id, change.folder);
        }
      }
  }
  const found = new Map<MsgId, FolderId>();
  for (const id of wanted) {
    const folder = moved.get(id) ?? removed.get(id);
    if (folder !== undefined && index.folderState(folder) !== undefined) found.set(id, folder);
  }
  return found;
}

function trashOf(index: MailboxIndex): ReadonlySet<FolderId> {
  const trash = index.folderWithRole('trash');
  const found = new Set<FolderId>(trash === undefined ? [] : [trash]);
  // A set goes on with what is added to it meanwhile.
  for (const folder of found) for (const child of index.children(folder)) found.add(child);
  return found;
}
