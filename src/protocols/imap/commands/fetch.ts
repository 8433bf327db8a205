import { command, whenSignedIn } from '../command.ts';
import { writeRows } from '../fetch/rows.ts';
import { inOrderOfLimit, messageLimit, requireCountWithinLimit, tellLimit, withinLimit } from '../message-limit.ts';
import { Refusal } from '../reply.ts';
import type { Session } from '../session.ts';
import { vanishedSince, writeVanished } from '../vanished.ts';
import { type Decoder, malformed } from '../wire/decoder.ts';
import { type FetchItem, fetchItems } from '../wire/fetch-item.ts';
import { type PartialRange, partialRange } from '../wire/search-return.ts';
import { partOfSpans, type SequenceSet, sequenceSet } from '../wire/sequence-set.ts';
import { spansOf } from './copy.ts';

interface FetchArgs {
  readonly set: SequenceSet;
  readonly items: readonly FetchItem[];
  readonly changedSince: number | undefined;
  /** Told, too, are messages of the set that went since then (RFC 7162 §3.2.6). */
  readonly vanished: boolean;
  /** Of the messages of the set (RFC 9394 §3.2). */
  readonly partial: PartialRange | undefined;
}

function parse(d: Decoder): FetchArgs {
  const set = sequenceSet(d.sp());
  const items = fetchItems(d.sp());
  let changedSince: number | undefined;
  let partial: PartialRange | undefined;
  let vanished = false;
  if (d.take(' ')) {
    const modifiers = d.list(() => {
      if (d.takeWord('CHANGEDSINCE')) changedSince = d.sp().number64();
      else if (d.takeWord('VANISHED')) vanished = true;
      else if (d.takeWord('PARTIAL')) partial = partialRange(d.sp());
      else throw malformed('unknown FETCH modifier');
    });
    if (modifiers.length === 0) throw malformed('modifier expected');
  }
  d.end();
  if (vanished && changedSince === undefined) throw malformed('VANISHED needs CHANGEDSINCE');
  return { set, items, changedSince, vanished, partial };
}

async function run(args: FetchArgs, session: Session, byUid: boolean): Promise<string> {
  const { set, items, changedSince, vanished, partial } = args;
  const asked = [...items];
  const has = (item: string): boolean => asked.some((one) => one.item === item);
  // With UIDONLY each row begins with it (RFC 9586 §3.3).
  if (byUid && !session.uidOnly && !has('UID')) asked.unshift({ item: 'UID' });
  if (changedSince !== undefined && !has('MODSEQ')) asked.push({ item: 'MODSEQ' });
  // Asking for mod-sequences switches them on (RFC 7162 §3.1).
  if (has('MODSEQ')) session.enabled.add('CONDSTORE');
  session.selected.tellNewKeywords(session);
  const named = spansOf(session, set, byUid);
  if (partial !== undefined) requireCountWithinLimit(session, partial.to - partial.from + 1);
  const spans = partial === undefined ? withinLimit(session, named) : partOfSpans(named, partial);
  if (vanished && changedSince !== undefined) {
    const { out, selected } = session;
    await writeVanished(out, await vanishedSince(selected.account, selected.tracker, changedSince, set), true);
  }
  const filter = changedSince === undefined ? {} : { changedSince };
  const gone = await writeRows(session, inOrderOfLimit(session, spans), asked, filter);
  if (gone > 0 && !byUid) {
    tellLimit(session);
    throw new Refusal('NO', '[EXPUNGEISSUED] Some of the messages are gone');
  }
  return 'FETCH completed';
}

/** FETCH (RFC 3501 §6.4.5; BINARY: RFC 3516; CHANGEDSINCE: RFC 7162 §3.1.4). */
export const fetch = command<FetchArgs>({
  name: 'FETCH',
  byNumber: true,
  capabilities: [messageLimit, ...whenSignedIn('BINARY', 'SAVEDATE', 'PREVIEW')],
  states: ['selected'],
  keepsNumbers: true,
  parse(d) {
    const args = parse(d);
    if (args.partial !== undefined) throw malformed('PARTIAL is for UID FETCH');
    if (args.vanished) throw malformed('VANISHED is for UID FETCH');
    return args;
  },
  run: (args, session) => run(args, session, false),
});

/** UID FETCH (RFC 3501 §6.4.8; VANISHED: RFC 7162 §3.2.6). */
export const uidFetch = command<FetchArgs>({
  name: 'UID FETCH',
  states: ['selected'],
  parse(d, session) {
    const args = parse(d);
    if (args.vanished && !session.enabled.has('QRESYNC')) throw malformed('QRESYNC is not enabled');
    return args;
  },
  run: (args, session) => run(args, session, true),
});
