/**
 * While an account is under a legal hold, what is removed from its folders is noted in the same commit, and its content stays. The hold
 * is a row of the account, so that there is one order of setting it and of removing mail; nothing that its owner sees tells of it.
 */
import { MailError } from '../../mail/error.ts';
import type { Entry, Value } from '../../ports/kv.ts';
import type { Operation } from '../commit.ts';
import { allPreserved, legalHoldKey, preservedKey } from '../keys.ts';
import type { Draft, Plan } from '../draft.ts';
import type { LegalHold, PreservedMessage } from '../legal-hold.ts';

/** Of the value of one row; some 400 messages. */
const MOST_BYTES = 64 << 10;
const MOST_HOLDS = 100;

export interface HoldRow {
  readonly holds: readonly LegalHold[];
  /** The account was removed: its data goes with the last hold. */
  readonly removed?: true;
}

export function decodeHolds(row: Value | undefined): HoldRow | undefined {
  return row === undefined ? undefined : (JSON.parse(Buffer.from(row).toString()) as HoldRow);
}

export function decodePreserved(row: Value): readonly PreservedMessage[] {
  return JSON.parse(Buffer.from(row).toString()) as readonly PreservedMessage[];
}

const encode = (row: HoldRow | readonly PreservedMessage[]): Value => Buffer.from(JSON.stringify(row));

/** What the operation removes stays behind, if there is a hold. */
export function preserving<T>(operation: Operation<T>): Operation<T> {
  return {
    ...operation,
    reads: (index) => [...(operation.reads?.(index) ?? []), legalHoldKey()],
    plan(draft) {
      const plan = operation.plan(draft);
      return draft.row(legalHoldKey()) === undefined
        ? plan
        : { ...plan, put: [...(plan.put ?? []), ...noted(draft, plan)] };
    },
  };
}

function noted(draft: Draft, { changes }: Plan<unknown>): Entry[] {
  const rows: Entry[] = [];
  let texts: string[] = [];
  let bytes = 0;
  const close = (): void => {
    if (texts.length > 0) rows.push([preservedKey(draft.version, rows.length), Buffer.from(`[${texts.join(',')}]`)]);
    texts = [];
    bytes = 0;
  };
  for (const change of changes) {
    const meta = change.type === 'removed' ? draft.meta(change.id) : undefined;
    if (meta === undefined) continue;
    const { email, folder, uid, flags, keywords, internalDate, size } = meta;
    const one: PreservedMessage = { email, folder, uid, flags, keywords, internalDate, size };
    const text = JSON.stringify(one);
    if (bytes + text.length > MOST_BYTES) close();
    texts.push(text);
    bytes += Buffer.byteLength(text) + 1;
  }
  close();
  return rows;
}

/** The same id again replaces what was said of it. Throws `limit`. */
export function addHold(hold: LegalHold): Operation<void> {
  return {
    reads: () => [legalHoldKey()],
    plan(draft) {
      const before = decodeHolds(draft.row(legalHoldKey()));
      const holds = [...(before?.holds ?? []).filter(({ id }) => id !== hold.id), hold];
      if (holds.length > MOST_HOLDS) throw new MailError('limit', 'user', `an account has at most ${MOST_HOLDS} holds`);
      return { changes: [], put: [[legalHoldKey(), encode({ ...before, holds })]], result: undefined };
    },
  };
}

/**
 * Those that `ends` says. With the last one what was preserved is forgotten in the same commit; that of an account that was removed
 * stays, and `last` tells that all of it may go.
 */
export function endHolds(
  ends: (hold: LegalHold) => boolean,
): Operation<{ readonly ended: number; readonly last: boolean }> {
  return {
    reads: () => [legalHoldKey()],
    plan(draft) {
      const before = decodeHolds(draft.row(legalHoldKey()));
      const left = (before?.holds ?? []).filter((hold) => !ends(hold));
      const ended = (before?.holds.length ?? 0) - left.length;
      if (before === undefined || ended === 0) return { changes: [], result: { ended, last: false } };
      if (left.length > 0)
        return {
          changes: [],
          put: [[legalHoldKey(), encode({ ...before, holds: left })]],
          result: { ended, last: false },
        };
      if (before.removed) return { changes: [], result: { ended, last: true } };
      return { changes: [], remove: [legalHoldKey()], clear: [allPreserved()], result: { ended, last: false } };
    },
  };
}

/** Answers whether there is a hold, which then knows that the account was removed. */
export function removeLater(): Operation<boolean> {
  return {
    reads: () => [legalHoldKey()],
    plan(draft) {
      const before = decodeHolds(draft.row(legalHoldKey()));
      if (before === undefined) return { changes: [], result: false };
      return { changes: [], put: [[legalHoldKey(), encode({ ...before, removed: true })]], result: true };
    },
  };
}
