/** FETCH rows that need what is stored of a message: its envelope, structure, or bytes. */
import { MailError } from '../../../mail/error.ts';
import { type Body, Flag, type FolderView, type MessageDetails, type MsgId } from '../../../mailstore/api.ts';
import { ConnectionError } from '../../../net/error.ts';
import type { Session } from '../session.ts';
import { Refusal } from '../reply.ts';
import { type FetchItem, isIndexItem, isSectionItem, type SectionItem, unsolicited } from '../wire/fetch-item.ts';
import type { Section } from '../wire/section.ts';
import { positionsOf, type Spans } from '../wire/sequence-set.ts';
import { binaryFacts, binaryPieces } from './binary-section.ts';
import { sectionBytes } from './body-section.ts';
import { beginRow, endRow, type RowFilter, writeIndexItems } from './index-row.ts';

/** Messages that are read and written together. */
const BATCH = 200;
/** Messages that are marked as read in one commit, before their bodies are sent. */
const SEEN_BATCH = 50;
/** A section up to this size is read whole before its length is told: if it is damaged, that costs a NO. */
const WHOLE = 64 * 1024;

/** Writes `* n FETCH (...)` for each message of the spans; answers how many are gone. */
export async function writeMessages(
  session: Session,
  spans: Spans,
  items: readonly FetchItem[],
  filter: RowFilter,
): Promise<number> {
  const { out, selected } = session;
  const { account } = selected;
  const { view } = selected.tracker;
  const sections = items.filter(isSectionItem);
  const wantsBody = sections.length > 0;
  const marks = !selected.readOnly && selected.may('s') && sections.some(({ seen }) => seen);
  const { changedSince = -1 } = filter;
  // Of messages that it marks as read, the new flags are told, too.
  const ofMarked = items.some(({ item }) => item === 'FLAGS') ? items : [...items, { item: 'FLAGS' } as const];
  const itemsOfMarked = unsolicited(ofMarked, session);
  let gone = 0;
  let failure: unknown;
  const write = async (batch: readonly number[]): Promise<void> => {
    const marked = marks ? await markSeen(session, view, batch) : new Set();
    const ids = batch.map((at) => view.ids[at] as MsgId);
    let i = 0;
    for await (const known of account.detailsOf(ids, { bodies: wantsBody })) {
      const at = batch[i++] as number;
      if (out.mustPause()) await out.pause();
      if (view.flagsAt(at) < 0) {
        gone++;
        continue;
      }
      const id = view.ids[at] as MsgId;
      try {
        // Asked alone, the store says whether it is gone or damaged.
        const details = known ?? (await account.details(id));
        const body = wantsBody ? await account.body(id, details) : undefined;
        await writeRow(session, view, at, marked.has(at) ? itemsOfMarked : items, details, body);
      } catch (error) {
        if (!(error instanceof MailError || error instanceof Refusal)) throw error;
        // One message that cannot be read keeps nobody from the others.
        if (error instanceof MailError && error.code === 'message-missing') gone++;
        else failure ??= error;
      }
    }
  };
  out.begin();
  const size = marks ? SEEN_BATCH : BATCH;
  let batch: number[] = [];
  for (const at of positionsOf(spans)) {
    if (changedSince >= 0 && view.modseqAt(at) <= changedSince) continue;
    batch.push(at);
    if (batch.length < size) continue;
    await write(batch);
    batch = [];
  }
  if (batch.length > 0) await write(batch);
  if (failure !== undefined) throw failure;
  return gone;
}

/** Marks messages as read (RFC 3501 §6.4.5, BODY[...]) and answers those that were not. */
async function markSeen(session: Session, view: FolderView, batch: readonly number[]): Promise<ReadonlySet<number>> {
  const unseen = batch.filter((at) => view.flagsAt(at) >= 0 && (view.flagsAt(at) & Flag.seen) === 0);
  if (unseen.length > 0) {
    const ids = unseen.map((at) => view.ids[at] as MsgId);
    const { applied } = await session.selected.account.updateMessage(ids, {
      mode: 'add',
      flags: Flag.seen,
      keywords: [],
    });
    session.selected.tracker.own(applied);
  }
  return new Set(unseen);
}

/** What a row is made of: so many bytes, of which the first have been read; or a number. */
interface Value {
  readonly size: number;
  readonly first: Uint8Array;
  readonly rest?: AsyncIterator<Uint8Array>;
  /** Only a literal8 can hold it. */
  readonly nul?: boolean;
}

async function writeRow(
  session: Session,
  view: FolderView,
  position: number,
  items: readonly FetchItem[],
  details: MessageDetails,
  body: Body | undefined,
): Promise<void> {
  const { out } = session;
  const values: (Value | number | undefined)[] = [];
  try {
    // What can fail is read before anything of the row is written.
    for (const item of items) {
      if (isSectionItem(item) && body !== undefined) values.push(await valueOf(details, body, item));
    }
    beginRow(out, view, position);
    let first = true;
    let section = 0;
    for (const item of items) {
      if (!first) out.text(' ');
      first = false;
      if (isIndexItem(item.item)) writeIndexItems(out, view, position, [item.item]);
      else if (item.item === 'ENVELOPE') out.text('ENVELOPE ').bytes(details.wire.envelope);
      else if (item.item === 'BODY') out.text('BODY ').bytes(details.wire.body);
      else if (item.item === 'BODYSTRUCTURE') out.text('BODYSTRUCTURE ').bytes(details.wire.bodyStructure);
      else if (item.item === 'PREVIEW') out.text('PREVIEW ').string(details.preview);
      else if (isSectionItem(item)) await writeSection(session, item.label, values[section++]);
    }
    endRow(out);
  } finally {
    for (const value of values) if (typeof value === 'object') await value.rest?.return?.();
  }
}

function valueOf(
  details: MessageDetails,
  body: Body,
  { item, section }: SectionItem,
): Promise<Value | number | undefined> {
  return item === 'section'
    ? sectionValue(details, body, section)
    : binaryValue(details, body, section, item === 'binary-size');
}

async function sectionValue(details: MessageDetails, body: Body, section: Section): Promise<Value | undefined> {
  const found = await sectionBytes(details, body, section);
  if (found === undefined) return undefined;
  if ('bytes' in found) return { size: found.bytes.length, first: found.bytes };
  const size = found.to - found.from;
  if (size <= WHOLE) return { size, first: await body.bytes(found.from, found.to) };
  return begun({ size }, body.stream(found.from, found.to));
}

async function binaryValue(
  details: MessageDetails,
  body: Body,
  section: Section,
  sizeOnly: boolean,
): Promise<Value | number | undefined> {
  const pieces = binaryPieces(details, body, section);
  if (pieces === undefined) return sizeOnly ? 0 : undefined;
  const facts = await binaryFacts(pieces());
  if (sizeOnly) return facts.size;
  if (facts.size > WHOLE) return begun(facts, pieces());
  return { ...facts, first: Buffer.concat(await Array.fromAsync(pieces())) };
}

async function begun(facts: { size: number; nul?: boolean }, pieces: AsyncIterable<Uint8Array>): Promise<Value> {
  const rest = pieces[Symbol.asyncIterator]();
  const { value, done } = await rest.next();
  if (done === true) throw tooShort();
  return { ...facts, first: value, rest };
}

function tooShort(): MailError {
  return new MailError('damaged', 'bug', 'A message has fewer bytes than its size says');
}

async function writeSection(session: Session, label: string, value: Value | number | undefined): Promise<void> {
  const { out } = session;
  out.text(label);
  if (value === undefined) {
    out.text(' NIL');
    return;
  }
  if (typeof value === 'number') {
    out.text(' ').number(value);
    return;
  }
  const { size, first, rest, nul = false } = value;
  out
    .text(nul ? ' ~{' : ' {')
    .number(size)
    .text('}\r\n')
    .bytes(first);
  if (rest === undefined) return;
  let sent = first.length;
  try {
    for (;;) {
      if (out.mustPause()) await out.pause();
      const { value: piece, done } = await rest.next();
      if (done === true) break;
      sent += piece.length;
      out.bytes(piece);
    }
    if (sent !== size) throw tooShort();
  } catch (error) {
    if (error instanceof ConnectionError) throw error;
    // The length is told: what cannot be completed ends the connection, it never becomes something else.
    session.connection.log.error({ err: error, address: session.address }, 'a message could not be read to its end');
    session.connection.destroy();
    throw new ConnectionError('closed', 'a message could not be read to its end');
  }
}
