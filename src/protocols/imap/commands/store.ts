import type { FlagChange, MsgId } from '../../../mailstore/api.ts';
import { command, whenSignedIn } from '../command.ts';
import { writeIndexRows } from '../fetch/index-row.ts';
import { inOrderOfLimit, withinLimit } from '../message-limit.ts';
import type { Session } from '../session.ts';
import { type Decoder, malformed } from '../wire/decoder.ts';
import type { IndexItem } from '../wire/fetch-item.ts';
import { flagList } from '../wire/flag.ts';
import { formatSet, positionsOf, type SequenceSet, sequenceSet } from '../wire/sequence-set.ts';
import { namedBy, spansOf } from './copy.ts';
import { requireWritable } from './expunge.ts';

interface StoreArgs {
  readonly set: SequenceSet;
  readonly change: FlagChange;
  readonly silent: boolean;
  readonly unchangedSince: number | undefined;
}

function parse(d: Decoder): StoreArgs {
  const set = sequenceSet(d.sp());
  d.sp();
  let unchangedSince: number | undefined;
  if (d.next('(')) {
    d.open();
    if (!d.takeWord('UNCHANGEDSINCE')) throw malformed('unknown STORE modifier');
    unchangedSince = d.sp().number64();
    d.close();
    d.sp();
  }
  const mode = d.take('+') ? 'add' : d.take('-') ? 'remove' : 'set';
  const word = d.word();
  if (word !== 'FLAGS' && word !== 'FLAGS.SILENT') throw malformed('FLAGS expected');
  const flags = flagList(d.sp());
  d.end();
  return { set, change: { mode, ...flags }, silent: word === 'FLAGS.SILENT', unchangedSince };
}

async function run(
  { set, change, silent, unchangedSince }: StoreArgs,
  session: Session,
  byUid: boolean,
): Promise<string> {
  requireWritable(session);
  if (unchangedSince !== undefined) session.enabled.add('CONDSTORE');
  const { selected } = session;
  const { tracker, account } = selected;
  const spans = withinLimit(session, spansOf(session, set, byUid));
  const { ids, as } = namedBy(session, spans);
  if (ids.length === 0) return 'STORE completed';
  const { applied, modified } = await account.updateMessage(
    ids,
    change,
    unchangedSince === undefined ? { as } : { unchangedSince, as },
  );
  tracker.own(applied);
  selected.tellNewKeywords(session);
  const items: IndexItem[] = ['UID'];
  if (!silent) items.push('FLAGS');
  if (session.enabled.has('CONDSTORE')) items.push('MODSEQ');
  const left = new Set<number>(modified);
  if (items.length > 1)
    await writeIndexRows(session.out, tracker.view, inOrderOfLimit(session, spans), items, { except: left });
  if (left.size === 0) return 'STORE completed';
  const { view } = tracker;
  const numbers: number[] = [];
  for (const at of positionsOf(spans)) {
    if (left.has(view.ids[at] as MsgId)) numbers.push(byUid ? (view.uids[at] as number) : at + 1);
  }
  return `[MODIFIED ${formatSet(numbers)}] STORE completed, but not for those changed meanwhile`;
}

/** STORE (RFC 3501 §6.4.6; UNCHANGEDSINCE: RFC 7162 §3.1.3). */
export const store = command<StoreArgs>({
  name: 'STORE',
  byNumber: true,
  states: ['selected'],
  keepsNumbers: true,
  capabilities: whenSignedIn('CONDSTORE'),
  parse,
  run: (args, session) => run(args, session, false),
});

/** UID STORE (RFC 3501 §6.4.8). */
export const uidStore = command<StoreArgs>({
  name: 'UID STORE',
  states: ['selected'],
  parse,
  run: (args, session) => run(args, session, true),
});
