/**
 * What a handle does to messages, noted in the same commit: for what must follow from it whatever happens in between, and from
 * nothing else. Who opens the handle says what is noted.
 */
import type { MailAccount, MessageMeta, RecordKey } from './api.ts';
import type { Operation } from './commit.ts';
import { recordRow } from './operations/records.ts';

/** As RFC 6785 §4.3 names them; a message that is moved was copied into its new folder. */
export type Cause = 'APPEND' | 'COPY' | 'FLAG';

export interface MessageChange {
  /** Undefined for one that was not there. */
  readonly before: MessageMeta | undefined;
  readonly message: MessageMeta;
}

/** Given what an operation does, and its version, answers records that say so. Called in the commit itself, and again after a conflict. */
export type Note = (
  changes: readonly MessageChange[],
  version: number,
) => readonly (RecordKey & { readonly value: unknown })[];

export interface Noting {
  /** Asked before each operation; undefined when nobody would want to know. */
  begin(account: MailAccount, cause: Cause): Promise<Note | undefined>;
}

/** Runs it, with what is to be noted; at once where nobody asked for that, so that what is asked for first is done first. */
export function noted<T>(
  operation: Operation<T>,
  asked: Promise<Note | undefined> | undefined,
  run: (operation: Operation<T>) => Promise<T>,
): Promise<T> {
  if (asked === undefined) return run(operation);
  return asked.then((note) => run(note ? withNote(operation, note) : operation));
}

function withNote<T>(operation: Operation<T>, note: Note): Operation<T> {
  return {
    ...operation,
    plan(draft) {
      const plan = operation.plan(draft);
      const changes = plan.changes.flatMap((change) =>
        'message' in change ? [{ before: draft.meta(change.message.id), message: change.message }] : [],
      );
      if (changes.length === 0) return plan;
      const rows = note(changes, draft.version).map(({ kind, id, value }) => recordRow(kind, id, value));
      return {
        ...plan,
        changes: [...plan.changes, ...rows.map(({ change }) => change)],
        put: [...(plan.put ?? []), ...rows.map(({ row }) => row)],
      };
    },
  };
}
