/** Operations on mail that stays in its sender's mailbox until it is fetched. */
import type { Entry, Key } from '../../ports/kv.ts';
import type { Operation } from '../commit.ts';
import { heldKey, senderMailboxKey } from '../keys.ts';
import type { HeldCopy, HeldEnd, HeldRef } from '../sender-mailbox.ts';
import type { DeliveryChanged, Effect, SubmissionId, SubmissionRecipient } from '../submission.ts';
import { decodeSenderMailbox, type SenderMailboxRow, senderMailboxRow } from './held-room.ts';
import { changeDelivery, json, type SubmissionRow, type WiderChange } from './submissions.ts';

const DAY = 86_400_000;
/** Who was cut off in the middle may come again. */
const GRACE_MS = 3_600_000;

/** Whom a visible id names. */
export function decodeHeldRef(value: Uint8Array): HeldRef {
  const [submission, part, position] = JSON.parse(Buffer.from(value).toString()) as [SubmissionId, number, number];
  return { submission, part, position };
}

export function openSenderMailbox(
  senderId: string,
  limit: number | undefined,
  now: number,
): Operation<SenderMailboxRow> {
  return {
    reads: () => [senderMailboxKey()],
    plan(draft) {
      const value = draft.row(senderMailboxKey());
      const known: SenderMailboxRow = value
        ? decodeSenderMailbox(value)
        : { senderId, opened: now, used: 0, mails: 0, copies: 0 };
      const { limit: before, ...rest } = known;
      const row: SenderMailboxRow = { ...rest, ...(limit !== undefined && { limit }) };
      if (value !== undefined && before === limit) return { changes: [], result: row };
      return {
        changes: [{ type: 'record', kind: 'sender-mailbox', id: row.senderId }],
        put: [senderMailboxRow(row)],
        result: row,
      };
    },
  };
}

/** Until when copies of a mail may be fetched. */
export function heldUntil({ hold, released, created }: Pick<SubmissionRow, 'hold' | 'released' | 'created'>): number {
  return hold?.until ?? (released ?? created) + (hold?.days ?? 0) * DAY;
}

/** The number that a recipient's copy would get. */
export interface Numbered {
  readonly recipientId: string;
  readonly mailNo: number;
}

export type Changed = DeliveryChanged & { readonly finished: boolean };

/**
 * Makes copies under these numbers, by the recipients' positions. A number that was given out meanwhile leaves its recipient waiting, and the
 * effect stays; so does it for a recipient without one.
 */
export function hold(
  id: SubmissionId,
  part: number,
  numbers: ReadonlyMap<number, Numbered>,
  made: { readonly carriesOut: number; readonly passwordHash: (position: number, issue: number) => string },
  now: number,
): Operation<Changed> {
  const keys = new Map<number, Key>();
  for (const [position, { recipientId, mailNo }] of numbers) keys.set(position, heldKey(recipientId, mailNo));
  return changeDelivery(
    id,
    part,
    (delivery, _submission, draft, row): WiderChange => {
      const put: Entry[] = [];
      const positions: number[] = [];
      const recipients = delivery.recipients.map((recipient, position): SubmissionRecipient => {
        const number = numbers.get(position);
        const key = keys.get(position);
        if (recipient.state !== 'queued' || number === undefined || key === undefined) return recipient;
        if (draft.row(key) !== undefined) return recipient;
        put.push([key, json([id, part, position])]);
        positions.push(position);
        const held: HeldCopy = {
          ...number,
          passwordHash: made.passwordHash(position, 1),
          issue: 1,
          since: now,
          expires: heldUntil(row),
          fetches: 0,
          failures: 0,
        };
        return { ...recipient, state: 'waiting', held };
      });
      const waiting = recipients.some(({ state }) => state === 'queued');
      const wakes = row.woken !== true && positions.length > 0;
      const effects: Effect[] = [
        ...(positions.length > 0 ? [{ kind: 'notify' as const, part, positions }] : []),
        ...(wakes ? [{ kind: 'wake' as const, for: 'held' as const, at: now }] : []),
        // Those whose number was taken get another one.
        ...(waiting ? [{ kind: 'deliver' as const, part }] : []),
      ];
      return { recipients, tries: delivery.tries, reports: [], effects, put, ...(wakes && { woken: true }) };
    },
    { carriesOut: made.carriesOut },
    now,
    [...keys.values()],
  );
}

/** May it be fetched at this moment? */
export function isFetchable(
  { state, held }: SubmissionRecipient,
  { recalled, hold: how }: Pick<SubmissionRow, 'recalled' | 'hold'>,
  now: number,
): boolean {
  // What is recalled is taken back a moment later; who has fetched it before has it anyway, unless he was only shown it.
  const isTakenBack = recalled !== undefined && (held?.fetched === undefined || how?.confidential === true);
  return state === 'waiting' && held !== undefined && now < held.expires && !isTakenBack;
}

type Step = (
  recipient: SubmissionRecipient & { readonly held: HeldCopy },
  position: number,
  row: SubmissionRow,
) => SubmissionRecipient | undefined;

/** `positions`: of the copies that were changed. */
export type CopiesChanged = Changed & { readonly positions: readonly number[] };

/** Changes copies of one delivery; `follow` says what comes of those that changed. Undefined leaves one alone. */
function changeCopies(
  id: SubmissionId,
  part: number,
  positions: ReadonlySet<number>,
  step: Step,
  follow: (changed: ReadonlyMap<number, SubmissionRecipient>) => Pick<WiderChange, 'effects' | 'reports'>,
  now: number,
): Operation<CopiesChanged> {
  let changed = new Map<number, SubmissionRecipient>();
  const operation = changeDelivery(
    id,
    part,
    (delivery, _submission, _draft, row) => {
      const recipients = delivery.recipients.map((recipient, position) => {
        const { held } = recipient;
        const next = positions.has(position) && held ? step({ ...recipient, held }, position, row) : undefined;
        if (next !== undefined) changed.set(position, next);
        return next ?? recipient;
      });
      return changed.size === 0 ? undefined : { recipients, tries: delivery.tries, ...follow(changed) };
    },
    {},
    now,
  );
  return {
    ...operation,
    plan(draft) {
      changed = new Map();
      const planned = operation.plan(draft);
      return { ...planned, result: { ...planned.result, positions: [...changed.keys()] } };
    },
  };
}

/** A wrong password. */
export function countFailure(ref: HeldRef, now: number): Operation<CopiesChanged> {
  return countInCopy(ref, (held) => ({ ...held, failures: held.failures + 1 }), now);
}

export function countCodeTry(ref: HeldRef, now: number): Operation<CopiesChanged> {
  return countInCopy(ref, (held) => ({ ...held, codeTries: (held.codeTries ?? 0) + 1 }), now);
}

export function forgetCodeTries(ref: HeldRef, now: number): Operation<CopiesChanged> {
  return countInCopy(ref, ({ codeTries: _, ...held }) => held, now);
}

/** A change of one copy of which nothing follows. */
function countInCopy(
  { submission, part, position }: HeldRef,
  count: (held: HeldCopy) => HeldCopy,
  now: number,
): Operation<CopiesChanged> {
  return changeCopies(
    submission,
    part,
    new Set([position]),
    ({ held, ...recipient }) => ({ ...recipient, held: count(held) }),
    () => ({ reports: [] }),
    now,
  );
}

export function fetched({ submission, part, position }: HeldRef, by: string, now: number): Operation<CopiesChanged> {
  return changeCopies(
    submission,
    part,
    new Set([position]),
    (recipient, _, row) => {
      if (!isFetchable(recipient, row, now)) return undefined;
      const { held } = recipient;
      const expires = row.hold?.keep === 'until-fetched' ? Math.min(held.expires, now + GRACE_MS) : held.expires;
      return { ...recipient, held: { ...held, expires, fetched: held.fetched ?? now, fetches: held.fetches + 1 } };
    },
    (changed) => ({
      reports: [],
      effects: [...changed.values()].some(({ held }) => held?.fetches === 1)
        ? [{ kind: 'receipt', part, position, at: now, by }]
        : [],
    }),
    now,
  );
}

/** RFC 3463: delivery time expired, in the sender mailbox; other address status. */
const STATUS: Readonly<Partial<Record<HeldEnd, string>>> = { expired: '5.4.7', unreached: '5.1.0' };
const WHY: Readonly<Record<HeldEnd, string>> = {
  fetched: 'its recipient deleted it',
  expired: 'nobody fetched it in time',
  recalled: 'its sender took it back',
  unreached: 'its notification could not be delivered',
};

/** `report`: the sender is told of those that nobody has fetched. */
export function endCopies(
  id: SubmissionId,
  part: number,
  positions: ReadonlySet<number>,
  as: HeldEnd,
  report: boolean,
  now: number,
): Operation<CopiesChanged> {
  return changeCopies(
    id,
    part,
    positions,
    (recipient) => {
      if (recipient.state !== 'waiting') return undefined;
      if (recipient.held.fetched !== undefined) return { ...recipient, state: 'fetched', at: recipient.held.fetched };
      const state = as === 'unreached' ? 'bounced' : as;
      const status = STATUS[as];
      return { ...recipient, state, at: now, reason: WHY[as], ...(status !== undefined && { status }) };
    },
    (changed) => {
      const missed = [...changed.values()].filter(({ state }) => state !== 'fetched');
      return { reports: report && missed.length > 0 ? [{ report: 'failed', recipients: missed }] : [] };
    },
    now,
  );
}

/** Their recipients are told once more; with another password where `passwordHash` makes one. */
export function notifyAgain(
  id: SubmissionId,
  part: number,
  positions: ReadonlySet<number>,
  passwordHash: ((position: number, issue: number) => string) | undefined,
  now: number,
): Operation<CopiesChanged> {
  return changeCopies(
    id,
    part,
    positions,
    (recipient, position, row) => {
      if (!isFetchable(recipient, row, now)) return undefined;
      const { held } = recipient;
      if (passwordHash === undefined) return { ...recipient, held: { ...held } };
      const { codeTries: _, ...rest } = held;
      const issue = held.issue + 1;
      return { ...recipient, held: { ...rest, issue, passwordHash: passwordHash(position, issue), failures: 0 } };
    },
    (changed) => ({ reports: [], effects: [{ kind: 'notify', part, positions: [...changed.keys()] }] }),
    now,
  );
}

/** When a notification of it left, as it stands in the copy. */
export function notified(
  id: SubmissionId,
  part: number,
  positions: ReadonlySet<number>,
  carriesOut: number,
  now: number,
): Operation<Changed> {
  return changeDelivery(
    id,
    part,
    (delivery) => ({
      recipients: delivery.recipients.map((recipient, position) =>
        recipient.held !== undefined && positions.has(position)
          ? { ...recipient, held: { ...recipient.held, notified: now } }
          : recipient,
      ),
      tries: delivery.tries,
      reports: [],
    }),
    { carriesOut },
    now,
  );
}
