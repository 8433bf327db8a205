/** Messages that are put off: out of their folder now, back at their time. Each of the two is one commit, with what is remembered of it. */
import type { Entry, Key } from '../../ports/kv.ts';
import { Flag, type FolderId, type MessageMeta, type MsgId } from '../api.ts';
import type { Operation } from '../commit.ts';
import type { Draft } from '../draft.ts';
import { recordKey } from '../keys.ts';
import { SNOOZED, type Snoozed } from '../snoozing.ts';
import { type LogChange, noFolder } from '../state.ts';
import { wholeSeconds } from '../values.ts';
import { planMove } from './messages.ts';
import { recordRow } from './records.ts';

const INBOX = 1 as FolderId;

const keyOf = (id: MsgId): Key => recordKey(SNOOZED, String(id));

function known(draft: Draft, id: MsgId): Snoozed | undefined {
  const row = draft.row(keyOf(id));
  return row && (JSON.parse(Buffer.from(row).toString()) as Snoozed);
}

/** Answers how many were there. */
export function putOff(ids: readonly MsgId[], until: number, into: FolderId, now: number): Operation<number> {
  return {
    reads: () => ids.map(keyOf),
    plan(draft) {
      const folder = draft.folder(into);
      if (!folder) throw noFolder(into);
      const messages = [...new Set(ids)].flatMap((id) => draft.meta(id) ?? []);
      const put: Entry[] = [];
      const noted: LogChange[] = [];
      const moving: MessageMeta[] = [];
      for (const message of messages) {
        const before = message.folder === into ? known(draft, message.id) : undefined;
        if (message.folder !== into) moving.push(message);
        // Put off once more, it still goes back to where it was at first.
        const back = before?.back ?? (message.folder === into ? INBOX : message.folder);
        const { change, row } = recordRow(SNOOZED, String(message.id), { until, back, into } satisfies Snoozed);
        noted.push(change);
        put.push(row);
      }
      const { changes } = planMove(draft, moving, folder, now);
      return { changes: [...changes, ...noted], put, result: messages.length };
    },
  };
}

/** What is due comes back, unread and as if it had come now; what its user has moved or deleted meanwhile stays where that is. */
export function comeBack(ids: readonly MsgId[], now: number): Operation<void> {
  return {
    reads: () => ids.map(keyOf),
    plan(draft) {
      const remove: Key[] = [];
      const noted: LogChange[] = [];
      const homes = new Map<FolderId, MessageMeta[]>();
      for (const id of new Set(ids)) {
        const snoozed = known(draft, id);
        // Put off again, it has another wake-up.
        if (snoozed === undefined || snoozed.until > now) continue;
        remove.push(keyOf(id));
        noted.push({ type: 'record', kind: SNOOZED, id: String(id) });
        const message = draft.meta(id);
        if (message === undefined || message.folder !== snoozed.into) continue;
        const home = draft.folder(snoozed.back) === undefined ? INBOX : snoozed.back;
        const shown = { ...message, flags: message.flags & ~Flag.seen, internalDate: wholeSeconds(now) };
        homes.set(home, [...(homes.get(home) ?? []), shown]);
      }
      const moved = Array.from(
        homes,
        ([home, messages]) => planMove(draft, messages, draft.folder(home)!, now).changes,
      );
      return { changes: [...moved.flat(), ...noted], remove, result: undefined };
    },
  };
}
