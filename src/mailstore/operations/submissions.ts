/** Operations on what a user sends. The row of the mail counts what is open, so that its content goes when nothing is. */
import { MailError } from '../../mail/error.ts';
import type { Entry, Key } from '../../ports/kv.ts';
import type { Change, EmailId, Flags, FolderId, MsgId } from '../api.ts';
import type { Operation } from '../commit.ts';
import type { Draft } from '../draft.ts';
import { deliveryKey, onceKey, outboxKey, senderMailboxKey, sentKey, submissionKey } from '../keys.ts';
import { folderKeywords } from '../folder-names.ts';
import type { StagedFacts } from '../staging.ts';
import type { LogChange } from '../state.ts';
import {
  type Delivery,
  type DeliveryChange,
  type DeliveryChanged,
  type Effect,
  isSettled,
  type NewSubmission,
  type OutboxItem,
  RECEIPT_SENT,
  type Submission,
  type SubmissionFacts,
  type SubmissionId,
  type SubmissionState,
  type Submitted,
} from '../submission.ts';
import { decodePlaced } from '../values.ts';
import { deliveryKeys, sentOnKey, withdrawnRow } from './delivered.ts';
import { recounted, waitingCopies } from './held-room.ts';
import { DAY, publish } from './publish.ts';

/** The value of a submission's own row. */
export interface SubmissionRow extends SubmissionFacts {
  readonly state: SubmissionState;
  readonly released?: number;
  readonly recalled?: number;
  readonly deliveries: number;
  /** Deliveries with recipients that wait, and effects not carried out yet. */
  readonly open: number;
  readonly nextEffect: number;
  /** Of those that are held: which may still be fetched, or will be. */
  readonly copies?: number;
  /** Somebody will look after those in time. */
  readonly woken?: true;
  /** Of the sender's copy, until it is placed. */
  readonly copy?: { readonly email: EmailId; readonly size: number; readonly folder: FolderId; readonly flags: Flags };
}

/** More than this is more than a sender's own reports and an orderly list need. */
const MOST_DELIVERIES = 10_000;

export function decodeSubmission(value: Uint8Array): SubmissionRow {
  return JSON.parse(Buffer.from(value).toString()) as SubmissionRow;
}

export function decodeDelivery(value: Uint8Array): Delivery {
  return JSON.parse(Buffer.from(value).toString()) as Delivery;
}

export function decodeEffect(value: Uint8Array): Effect {
  return JSON.parse(Buffer.from(value).toString()) as Effect;
}

export function publicSubmission(id: SubmissionId, row: SubmissionRow): Submission {
  const { open: _open, nextEffect: _next, copy: _copy, copies: _copies, woken: _woken, ...rest } = row;
  return { id, ...rest };
}

export function json(value: unknown): Uint8Array {
  return Buffer.from(JSON.stringify(value));
}

export function changed(id: SubmissionId): Extract<Change, { type: 'record' }> {
  return { type: 'record', kind: 'submission', id };
}

interface Known {
  readonly id: SubmissionId;
  readonly messageId: string;
  readonly state: SubmissionState;
}

/** `copy` are the facts of the staged copy. */
export function submit(
  id: SubmissionId,
  submission: NewSubmission,
  copy: StagedFacts | undefined,
  now: number,
): Operation<Submitted> {
  const { deliveries, copy: copyTo, key, answers, passesOn, ...facts } = submission;
  if (deliveries.length === 0 || deliveries.length > MOST_DELIVERIES)
    throw new MailError('limit', 'user', `a mail to ${deliveries.length} destinations`);
  const held = facts.sendAt !== undefined && facts.sendAt > now;
  const passing = passesOn === undefined ? [] : deliveryKeys(passesOn);
  const today = Math.floor(now / DAY);
  const onces = key === undefined ? [] : [onceKey(today, `sent ${key}`), onceKey(today - 1, `sent ${key}`)];
  const placing =
    copyTo === undefined || copy === undefined || held
      ? undefined
      : publish(copy, { folder: copyTo.folder, flags: copyTo.flags, internalDate: facts.created }, now);
  return {
    reads: (index) => [
      submissionKey(id),
      ...onces,
      ...passing,
      ...(facts.hold ? [senderMailboxKey()] : []),
      ...(placing?.reads?.(index) ?? []),
    ],
    plan(draft) {
      for (const once of onces) {
        const known = draft.row(once);
        if (known) return { changes: [], result: repeated(JSON.parse(Buffer.from(known).toString()) as Known) };
      }
      const result = { id, messageId: facts.messageId, state: held ? ('held' as const) : ('released' as const) };
      if (draft.row(submissionKey(id))) return { changes: [], result: repeated(result) };
      if (passing.some((row) => isRecalled(draft, row)))
        throw new MailError('message-missing', 'user', 'its sender took it back');
      const marked = answers === undefined ? [] : markAnswered(draft, answers);
      const placed = placing?.plan(draft);
      const effects: Effect[] = held ? [{ kind: 'wake', at: facts.sendAt ?? now }] : deliverAll(deliveries);
      const copies = waitingCopies(deliveries);
      const room = recounted(draft, facts, copies);
      const row: SubmissionRow = {
        ...facts,
        state: result.state,
        ...(!held && { released: now }),
        deliveries: deliveries.length,
        open: deliveries.length + effects.length,
        nextEffect: effects.length,
        ...(facts.hold && { copies }),
        ...(held &&
          copyTo && {
            copy: { email: copyTo.staged.email, size: copyTo.staged.size, folder: copyTo.folder, flags: copyTo.flags },
          }),
      };
      const put: Entry[] = [
        [submissionKey(id), json(row)],
        ...effectRows(id, 0, effects),
        ...room,
        ...(placed?.put ?? []),
      ];
      for (const [i, delivery] of deliveries.entries())
        put.push([deliveryKey(id, i), json({ ...delivery, tries: 0 } satisfies Delivery)]);
      if (passesOn !== undefined) put.push([sentOnKey(passesOn), withdrawnRow(draft.version)]);
      if (facts.messageId !== '') put.push([sentKey(facts.messageId), Buffer.from(id, 'hex')]);
      const [once] = onces;
      if (once) put.push([once, json(result satisfies Known)]);
      return {
        changes: [...marked, ...(placed?.changes ?? []), changed(id)],
        put,
        result: { ...result, duplicate: false, effects: outboxItems(id, 0, effects) },
      };
    },
  };
}

function isRecalled(draft: Draft, key: Key): boolean {
  const row = draft.row(key);
  return row !== undefined && decodePlaced(row).withdrawn === true;
}

function markAnswered(draft: Draft, ids: readonly MsgId[]): LogChange[] {
  const messages = ids.map((id) => draft.meta(id)).filter((message) => message !== undefined);
  if (messages.length === 0) throw new MailError('message-missing', 'user', 'what a receipt is for is gone');
  const lower = RECEIPT_SENT.toLowerCase();
  if (messages.some(({ keywords }) => keywords.some((keyword) => keyword.toLowerCase() === lower)))
    throw new MailError('conflict', 'user', 'a receipt was sent or declined before');
  return messages.map((message): LogChange => {
    const known = draft.folder(message.folder)?.keywords ?? [];
    const keywords = folderKeywords([...message.keywords, RECEIPT_SENT], known);
    return { type: 'flags', message: { ...message, keywords, modseq: draft.version } };
  });
}

function repeated(known: Known): Submitted {
  return { ...known, duplicate: true, effects: [] };
}

function deliverAll(deliveries: readonly Pick<Delivery, 'destination'>[]): Effect[] {
  return deliveries.map(({ destination }, part) => ({ kind: 'deliver', part, destination }));
}

export function effectRows(id: SubmissionId, first: number, effects: readonly Effect[]): Entry[] {
  return effects.map((effect, i) => [outboxKey(id, first + i), json(effect)]);
}

export function outboxItems(submission: SubmissionId, first: number, effects: readonly Effect[]): OutboxItem[] {
  return effects.map((effect, i) => ({ submission, number: first + i, effect }));
}

interface Released {
  readonly state: SubmissionState | undefined;
  readonly at?: number;
}

/** `copy` are the facts of the staged copy, when the row has one. */
export function release(id: SubmissionId, copy: StagedFacts | undefined, now: number): Operation<Released> {
  const head = submissionKey(id);
  const at = (draft: Draft): SubmissionRow | undefined => {
    const value = draft.row(head);
    return value && decodeSubmission(value);
  };
  const placing = (folder: FolderId, row: SubmissionRow): Operation<unknown> | undefined =>
    copy && row.copy && publish(copy, { folder, flags: row.copy.flags, internalDate: now }, now);
  return {
    reads: () => [head, ...(copy?.threadKeys.map(({ key }) => key) ?? [])],
    plan(draft) {
      const row = at(draft);
      if (row?.state !== 'held') return { changes: [], result: { state: row?.state } };
      const { sendAt = 0, copy: copyTo, ...rest } = row;
      if (sendAt > now) return { changes: [], result: { state: 'held', at: sendAt } };
      const effects = Array.from({ length: row.deliveries }, (_, part): Effect => ({ kind: 'deliver', part }));
      const next: SubmissionRow = {
        ...rest,
        sendAt,
        state: 'released',
        released: now,
        open: row.open + effects.length,
        nextEffect: row.nextEffect + effects.length,
      };
      const placed = copyTo && placeCopy(draft, copyTo.folder, (folder) => placing(folder, row)?.plan(draft));
      return {
        changes: [...(placed?.changes ?? []), changed(id)],
        put: [[head, json(next)], ...effectRows(id, row.nextEffect, effects), ...(placed?.put ?? [])],
        result: { state: 'released' },
      };
    },
  };
}

/** The folder may be gone by now, or the room: the mail goes out all the same. */
function placeCopy<T>(draft: Draft, folder: FolderId, place: (folder: FolderId) => T): T | undefined {
  const there = draft.folder(folder) ? folder : draft.folderWithRole('sent');
  if (there === undefined) return undefined;
  try {
    return place(there);
  } catch (error) {
    if (error instanceof MailError && error.code === 'over-quota') return undefined;
    throw error;
  }
}

export interface Cancelled {
  readonly cancelled: boolean;
  readonly finished: boolean;
}

export function cancel(id: SubmissionId): Operation<Cancelled> {
  const head = submissionKey(id);
  return {
    reads: () => [head, senderMailboxKey()],
    plan(draft) {
      const value = draft.row(head);
      const row = value && decodeSubmission(value);
      if (row?.state !== 'held')
        return { changes: [], result: { cancelled: row?.state === 'cancelled', finished: false } };
      const open = row.open - row.deliveries;
      return {
        changes: [changed(id)],
        put: [[head, json({ ...withoutCopies(row), state: 'cancelled', open })], ...recounted(draft, row, 0)],
        result: { cancelled: true, finished: open === 0 },
      };
    },
  };
}

function withoutCopies(row: SubmissionRow): SubmissionRow {
  return row.hold === undefined ? row : { ...row, copies: 0 };
}

export interface RecallBegun {
  readonly state: 'cancelled' | 'asked' | undefined;
  readonly finished: boolean;
}

export function recall(id: SubmissionId, now: number): Operation<RecallBegun> {
  const head = submissionKey(id);
  return {
    reads: () => [head, senderMailboxKey()],
    plan(draft) {
      const value = draft.row(head);
      const row = value && decodeSubmission(value);
      const nothing = (state: RecallBegun['state']) => ({ changes: [], result: { state, finished: false } });
      if (row === undefined) return nothing(undefined);
      if (row.recalled !== undefined) return nothing(row.state === 'cancelled' ? 'cancelled' : 'asked');
      if (row.state === 'cancelled') return nothing(undefined);
      const isHeld = row.state === 'held';
      const open = isHeld ? row.open - row.deliveries : row.open + 1;
      const next: SubmissionRow = {
        ...(isHeld ? withoutCopies(row) : row),
        recalled: now,
        open,
        ...(isHeld ? { state: 'cancelled' } : { nextEffect: row.nextEffect + 1 }),
      };
      return {
        changes: [changed(id)],
        put: [
          [head, json(next)],
          ...(isHeld ? recounted(draft, row, 0) : effectRows(id, row.nextEffect, [{ kind: 'recall' }])),
        ],
        result: { state: isHeld ? ('cancelled' as const) : ('asked' as const), finished: open === 0 },
      };
    },
  };
}

/** Answers whether nothing is left to do. */
export function carriedOut(id: SubmissionId, effect: number): Operation<boolean> {
  const head = submissionKey(id);
  const key = outboxKey(id, effect);
  return {
    reads: () => [head, key],
    plan(draft) {
      const value = draft.row(head);
      if (!draft.row(key)) return { changes: [], result: false };
      if (!value) return { changes: [], remove: [key], result: false };
      const row = decodeSubmission(value);
      const open = row.open - 1;
      return { changes: [], put: [[head, json({ ...row, open })]], remove: [key], result: open === 0 };
    },
  };
}

/** What an operation of the mail store's own may want besides. */
export interface WiderChange extends DeliveryChange {
  readonly effects?: readonly Effect[];
  readonly put?: readonly Entry[];
  /** Somebody will look after what is held. */
  readonly woken?: true;
}

/** What follows when a notification is refused at last. */
function unreached({ notifies }: SubmissionRow, before: Delivery, recipients: Delivery['recipients']): Effect[] {
  if (notifies === undefined) return [];
  const bounced = recipients.some(({ state }, i) => state === 'bounced' && before.recipients[i]?.state !== 'bounced');
  return bounced ? [{ kind: 'unreached', copy: notifies }] : [];
}

/** `beside`: keys of rows that `change` asks the draft for. */
export function changeDelivery(
  id: SubmissionId,
  part: number,
  change: (delivery: Delivery, submission: Submission, draft: Draft, row: SubmissionRow) => WiderChange | undefined,
  { carriesOut, settles }: { readonly carriesOut?: number; readonly settles?: number | undefined },
  now: number,
  beside: readonly Key[] = [],
): Operation<DeliveryChanged & { readonly finished: boolean }> {
  const head = submissionKey(id);
  const key = deliveryKey(id, part);
  const effect = carriesOut ?? settles;
  const marked: Key | undefined = effect === undefined ? undefined : outboxKey(id, effect);
  return {
    reads: () => [head, key, senderMailboxKey(), ...(marked ? [marked] : []), ...beside],
    plan(draft) {
      const values = [draft.row(head), draft.row(key)] as const;
      if (!values[0] || !values[1])
        return { changes: [], result: { delivery: undefined, effects: [], finished: false } };
      const row = decodeSubmission(values[0]);
      const before = decodeDelivery(values[1]);
      const unchanged = { changes: [], result: { delivery: before, effects: [], finished: false } };
      const isThere = marked !== undefined && draft.row(marked) !== undefined;
      if (carriesOut !== undefined && !isThere) return unchanged;
      const wanted = change(before, publicSubmission(id, row), draft, row);
      if (!wanted && carriesOut === undefined) return unchanged;
      const { recipients, tries, reports, feedback = [], ...more }: WiderChange = wanted ?? { ...before, reports: [] };
      const { destination } = before;
      const { sender } = row;
      const delivery: Delivery = { ...before, recipients, tries };
      const effects: Effect[] = [
        ...reports.map((report): Effect => ({ kind: 'report', at: now, ...report })),
        ...feedback.map((one): Effect => ({ kind: 'feedback', at: now, sender, destination, ...one })),
        ...(more.effects ?? []),
        ...unreached(row, before, recipients),
      ];
      const settled = Number(!before.recipients.every(isSettled) && recipients.every(isSettled));
      const done = isThere && (carriesOut !== undefined || recipients.every(isSettled));
      const open = row.open - settled + effects.length - (done ? 1 : 0);
      const copies = (row.copies ?? 0) + waitingCopies([delivery]) - waitingCopies([before]);
      const next: SubmissionRow = {
        ...row,
        open,
        nextEffect: row.nextEffect + effects.length,
        ...(row.hold && { copies }),
        ...(more.woken && { woken: true }),
      };
      return {
        changes: [changed(id)],
        put: [
          [head, json(next)],
          [key, json(delivery)],
          ...effectRows(id, row.nextEffect, effects),
          ...recounted(draft, row, copies),
          ...(more.put ?? []),
        ],
        ...(done && { remove: [marked] }),
        result: { delivery, effects: outboxItems(id, row.nextEffect, effects), finished: open === 0 },
      };
    },
  };
}
