/** Making several staged messages visible in one operation (MULTIAPPEND), and one in the place of another (REPLACE). */
import { MailError } from '../../mail/error.ts';
import type { Entry, Key, Value } from '../../ports/kv.ts';
import type { FolderId, MsgId, NewMessage, Placed, Superseded, Uid } from '../api.ts';
import type { Operation } from '../commit.ts';
import type { Draft } from '../draft.ts';
import { folderKeywords } from '../folder-names.ts';
import type { StagedFacts } from '../staging.ts';
import { type FolderState, type LogChange, noFolder, placedAt, removedChange } from '../state.ts';
import { preserving } from './legal-hold.ts';
import { checkQuota, DAY, findThread, newMessage } from './publish.ts';

export interface StagedMessage {
  readonly facts: StagedFacts;
  readonly to: NewMessage['to'];
}

/** See `MailAccount.addMessages`. */
export function publishAll(
  messages: readonly StagedMessage[],
  now: number,
  superseded?: Superseded,
): Operation<readonly Placed[]> {
  const today = Math.floor(now / DAY);
  const operation: Operation<readonly Placed[]> = {
    reads: () => messages.flatMap(({ facts }) => facts.threadKeys.map(({ key }) => key)),
    plan(draft) {
      const gone = superseded && draft.meta(superseded.id);
      if (superseded && (gone?.folder !== superseded.folder || gone.uid !== superseded.uid))
        throw new MailError('message-missing', 'user', `message ${superseded.id}, which is to go, is gone`);
      let bytes = -(gone?.size ?? 0);
      for (const { facts } of messages) bytes += facts.size;
      checkQuota(draft, bytes);
      const threads = new ThreadRows(draft);
      const arrivals = new Arrivals(draft);
      const changes: LogChange[] = [];
      const result = messages.map(({ facts, to }) => {
        const { thread, rows } = findThread((key) => threads.row(key), facts, today);
        threads.put(rows);
        const { folder, uid, keywords } = arrivals.next(to.folder, to.keywords ?? []);
        const message = newMessage(facts, {
          id: (draft.facts.nextMessage + changes.length) as MsgId,
          folder: to.folder,
          uid,
          flags: to.flags ?? 0,
          keywords,
          modseq: draft.version,
          internalDate: to.internalDate ?? now,
          savedDate: now,
          thread,
        });
        changes.push({ type: 'added', message });
        return placedAt(message, folder.row.uidValidity, draft.version);
      });
      return { changes: gone ? [...changes, removedChange(gone)] : changes, put: threads.all(), result };
    },
  };
  return superseded === undefined ? operation : preserving(operation);
}

/** What the messages before say of threads, before the store knows it. */
class ThreadRows {
  readonly #draft: Draft;
  readonly #rows = new Map<string, Entry>();

  constructor(draft: Draft) {
    this.#draft = draft;
  }

  row(key: Key): Value | undefined {
    return this.#rows.get(nameOf(key))?.[1] ?? this.#draft.row(key);
  }

  put(rows: readonly Entry[]): void {
    for (const row of rows) this.#rows.set(nameOf(row[0]), row);
  }

  all(): readonly Entry[] {
    return [...this.#rows.values()];
  }
}

const nameOf = (key: Key): string => Buffer.from(key).toString('latin1');

/** UIDs and keywords of messages that come one after the other. */
class Arrivals {
  readonly #draft: Draft;
  readonly #folders = new Map<FolderId, { came: number; keywords: readonly string[] }>();

  constructor(draft: Draft) {
    this.#draft = draft;
  }

  next(
    id: FolderId,
    wanted: readonly string[],
  ): { folder: Readonly<FolderState>; uid: Uid; keywords: readonly string[] } {
    const folder = this.#draft.folder(id);
    if (!folder) throw noFolder(id);
    const seen = this.#folders.get(id) ?? { came: 0, keywords: folder.keywords };
    const keywords = folderKeywords(wanted, seen.keywords);
    const fresh = keywords.filter((keyword) => !seen.keywords.includes(keyword));
    this.#folders.set(id, {
      came: seen.came + 1,
      keywords: fresh.length === 0 ? seen.keywords : [...seen.keywords, ...fresh],
    });
    return { folder, uid: (folder.uidNext + seen.came) as Uid, keywords };
  }
}
