/** Flags, removal, copies and moves of messages that are there. */
import type { Version } from '../../ports/kv.ts';
import type { DeleteCondition, FlagChange, FolderId, MessageMeta, MsgId, Placed, Places, Uid } from '../api.ts';
import type { Operation } from '../commit.ts';
import type { Draft } from '../draft.ts';
import { folderKeywords } from '../folder-names.ts';
import { type FolderState, type LogChange, noFolder, placedAt, removedChange } from '../state.ts';
import { preserving } from './legal-hold.ts';
import { wholeSeconds } from '../values.ts';
import { ALL_FLAGS, checkQuota } from './publish.ts';

/** Each id once; with `as` only those that lie there. */
function present(draft: Draft, ids: readonly MsgId[], as?: Places): MessageMeta[] {
  const places = as && new Map(ids.map((id, i) => [id, as[i]]));
  const found: MessageMeta[] = [];
  for (const id of new Set(ids)) {
    const message = draft.meta(id);
    if (message === undefined) continue;
    const place = places?.get(id);
    if (places === undefined || (place?.folder === message.folder && place.uid === message.uid)) found.push(message);
  }
  return found;
}

export function updateMessages(
  ids: readonly MsgId[],
  change: FlagChange,
  { unchangedSince, as }: { readonly unchangedSince?: Version; readonly as?: Places } = {},
): Operation<{ version: Version; changed: boolean; modified: readonly MsgId[] }> {
  return {
    plan(draft) {
      const modified: MsgId[] = [];
      const changes: LogChange[] = [];
      for (const message of present(draft, ids, as)) {
        if (unchangedSince !== undefined && message.modseq > unchangedSince) {
          modified.push(message.id);
          continue;
        }
        const flags = changedFlags(message.flags, change);
        const keywords = changedKeywords(draft, message, change);
        if (flags === message.flags && sameStrings(keywords, message.keywords)) continue;
        changes.push({ type: 'flags', message: { ...message, flags, keywords, modseq: draft.version } });
      }
      const version = changes.length > 0 ? draft.version : draft.version - 1;
      return { changes, result: { version, changed: changes.length > 0, modified } };
    },
  };
}

function changedFlags(flags: number, change: FlagChange): number {
  const named = change.flags & ALL_FLAGS;
  if (change.mode === 'set') return named;
  return change.mode === 'add' ? flags | named : flags & ~named;
}

function changedKeywords(draft: Draft, message: MessageMeta, change: FlagChange): readonly string[] {
  const { mode } = change;
  if (mode !== 'set' && change.keywords.length === 0) return message.keywords;
  const known = draft.folder(message.folder)?.keywords ?? [];
  if (mode === 'remove') {
    const named = new Set(change.keywords.map((keyword) => keyword.toLowerCase()));
    return message.keywords.filter((keyword) => !named.has(keyword.toLowerCase()));
  }
  return folderKeywords(mode === 'set' ? change.keywords : [...message.keywords, ...change.keywords], known);
}

function sameStrings(a: readonly string[], b: readonly string[]): boolean {
  return a === b || (a.length === b.length && a.every((text, i) => text === b[i]));
}

export function deleteMessages(
  ids: readonly MsgId[],
  { as, flags = 0 }: DeleteCondition = {},
): Operation<{ version: Version; removed: number }> {
  return preserving({
    plan(draft) {
      const marked = present(draft, ids, as).filter((message) => (message.flags & flags) === flags);
      const changes = marked.map(removedChange);
      const version = changes.length > 0 ? draft.version : draft.version - 1;
      return { changes, result: { version, removed: changes.length } };
    },
  });
}

export function copyMessages(
  ids: readonly MsgId[],
  to: FolderId,
  now: number,
  as?: Places,
): Operation<readonly { from: MsgId; placed: Placed }[]> {
  return {
    plan(draft) {
      const folder = draft.folder(to);
      if (!folder) throw noFolder(to);
      const messages = present(draft, ids, as);
      let bytes = 0;
      for (const { size } of messages) bytes += size;
      checkQuota(draft, bytes);
      const changes: LogChange[] = [];
      const arrival = new Arrival(folder, draft.version, now);
      const result = messages.map((message) => {
        const copy = arrival.place(message, (draft.facts.nextMessage + changes.length) as MsgId);
        changes.push({ type: 'added', message: copy });
        return { from: message.id, placed: placedAt(copy, folder.row.uidValidity, draft.version) };
      });
      return { changes, result };
    },
  };
}

export function moveMessages(
  ids: readonly MsgId[],
  to: FolderId,
  now: number,
  as?: Places,
): Operation<readonly { fromUid: Uid; placed: Placed }[]> {
  return {
    plan(draft) {
      const folder = draft.folder(to);
      if (!folder) throw noFolder(to);
      return planMove(draft, present(draft, ids, as), folder, now);
    },
  };
}

export function planMove(draft: Draft, messages: readonly MessageMeta[], folder: Readonly<FolderState>, now: number) {
  const changes: LogChange[] = [];
  const arrival = new Arrival(folder, draft.version, now);
  const result = messages.map((before) => {
    const message = arrival.place(before, before.id);
    changes.push({ type: 'moved', from: before.folder, fromUid: before.uid, message });
    return { fromUid: before.uid, placed: placedAt(message, folder.row.uidValidity, draft.version) };
  });
  return { changes, result };
}

/** Messages coming into a folder one after the other. */
class Arrival {
  readonly #folder: FolderId;
  readonly #version: Version;
  readonly #savedDate: number;
  #uid: number;
  #known: readonly string[];

  constructor(folder: Readonly<FolderState>, version: Version, now: number) {
    this.#folder = folder.row.id;
    this.#version = version;
    this.#savedDate = wholeSeconds(now);
    this.#uid = folder.uidNext;
    this.#known = folder.keywords;
  }

  place(message: MessageMeta, id: MsgId): MessageMeta {
    const keywords = folderKeywords(message.keywords, this.#known);
    const fresh = keywords.filter((keyword) => !this.#known.includes(keyword));
    if (fresh.length > 0) this.#known = [...this.#known, ...fresh];
    return {
      ...message,
      id,
      folder: this.#folder,
      uid: this.#uid++ as Uid,
      keywords,
      modseq: this.#version,
      savedDate: this.#savedDate,
    };
  }
}
