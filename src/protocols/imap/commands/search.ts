import { command, whenSignedIn } from '../command.ts';
import { Refusal } from '../reply.ts';
import { searchCharset } from '../search/charset.ts';
import { matchingPositions } from '../search/run.ts';
import type { Session } from '../session.ts';
import type { Decoder } from '../wire/decoder.ts';
import { asksModseq, type SearchKey, searchProgram } from '../wire/search-key.ts';
import { partOf, type SearchReturn, searchReturn } from '../wire/search-return.ts';
import { formatSet } from '../wire/sequence-set.ts';

interface SearchArgs {
  readonly program: SearchKey;
  /** Undefined for the old answer. */
  readonly returns: SearchReturn | undefined;
}

function parse(d: Decoder): SearchArgs {
  d.sp();
  let returns: SearchReturn | undefined;
  if (d.takeWord('RETURN')) {
    returns = searchReturn(d.sp());
    d.sp();
  }
  let textOf = searchCharset('UTF-8');
  if (d.takeWord('CHARSET')) {
    textOf = searchCharset(d.sp().astring().toString('latin1'));
    d.sp();
  }
  if (textOf === undefined) {
    throw new Refusal('NO', '[BADCHARSET (US-ASCII UTF-8 EUC-KR ISO-8859-1)] That charset is not known');
  }
  const program = searchProgram(d, textOf);
  d.end();
  return { program, returns };
}

async function run({ program, returns }: SearchArgs, session: Session, byUid: boolean): Promise<string> {
  const modseq = asksModseq(program);
  if (modseq) session.enabled.add('CONDSTORE');
  const found = await searched(session, program, returns);
  if (returns === undefined) await writeSearch(session, found, byUid, modseq);
  else writeEsearch(session, found, returns, byUid, modseq);
  return 'SEARCH completed';
}

/** Positions, ascending. A search that fails leaves `$` empty (RFC 5182 §2.1). */
async function searched(session: Session, program: SearchKey, returns: SearchReturn | undefined): Promise<number[]> {
  const { selected } = session;
  let found: readonly number[] = [];
  try {
    const all = await matchingPositions(session, program);
    found = all;
    return all;
  } finally {
    if (returns?.save === true) selected.save(savedPart(found, returns));
  }
}

/** RFC 5182 §2.1: with MIN or MAX and nothing else only those; RFC 9394 §3.1: with PARTIAL that part. */
function savedPart(found: readonly number[], { min, max, all, count, partial }: SearchReturn): readonly number[] {
  const ends =
    found.length === 0 ? [] : [...(min ? [found[0] as number] : []), ...(max ? [found.at(-1) as number] : [])];
  if (partial !== undefined) return [...new Set([...ends, ...partOf(found, partial)])].sort((a, b) => a - b);
  return (min || max) && !all && !count ? [...new Set(ends)] : found;
}

/** `* SEARCH n n n (MODSEQ m)` */
async function writeSearch(session: Session, found: readonly number[], byUid: boolean, modseq: boolean): Promise<void> {
  const { out, selected } = session;
  const { view } = selected.tracker;
  out.text('* SEARCH');
  let n = 0;
  for (const at of found) {
    if (++n % 1000 === 0 && out.mustPause()) await out.pause();
    out.text(' ').number(byUid ? (view.uids[at] as number) : at + 1);
  }
  if (modseq && found.length > 0) out.text(' (MODSEQ ').number(highestModseq(session, found)).text(')');
  out.line('');
}

/** `* ESEARCH (TAG "t") UID MIN n COUNT n ALL set` */
function writeEsearch(
  session: Session,
  found: readonly number[],
  returns: SearchReturn,
  byUid: boolean,
  modseq: boolean,
): void {
  const { min, max, all, count, partial } = returns;
  // Whoever only saves is told nothing (RFC 5182 §2.1).
  if (!min && !max && !all && !count && partial === undefined) return;
  const { out, selected } = session;
  const { uids } = selected.tracker.view;
  const number = (at: number): number => (byUid ? (uids[at] as number) : at + 1);
  const [first, last] = [found[0], found.at(-1)];
  out
    .text('* ESEARCH (TAG ')
    .string(session.tag)
    .text(byUid ? ') UID' : ')');
  if (min && first !== undefined) out.text(' MIN ').number(number(first));
  if (max && last !== undefined) out.text(' MAX ').number(number(last));
  if (count) out.text(' COUNT ').number(found.length);
  if (partial !== undefined) {
    const part = partOf(found, partial).map(number);
    out.text(` PARTIAL (${partial.label} ${part.length === 0 ? 'NIL' : formatSet(part)})`);
  }
  if (all && found.length > 0) out.text(` ALL ${formatSet(found.map(number))}`);
  // RFC 4731 §3.2, RFC 9394 §3.1: of the messages that are told; of all when their number is told, too.
  const of = all || count ? found : savedPart(found, returns);
  if (modseq && of.length > 0) out.text(' MODSEQ ').number(highestModseq(session, of));
  out.line('');
}

function highestModseq(session: Session, positions: readonly number[]): number {
  const { view } = session.selected.tracker;
  let highest = 0;
  for (const at of positions) highest = Math.max(highest, view.modseqAt(at));
  return highest;
}

/** SEARCH (RFC 3501 §6.4.4; MODSEQ: RFC 7162 §3.1.5; RETURN: RFC 4731). */
export const search = command<SearchArgs>({
  name: 'SEARCH',
  states: ['selected'],
  keepsNumbers: true,
  capabilities: whenSignedIn('ESEARCH', 'SEARCHRES', 'PARTIAL', 'WITHIN'),
  parse,
  run: (args, session) => run(args, session, false),
});

/** UID SEARCH (RFC 3501 §6.4.8). */
export const uidSearch = command<SearchArgs>({
  name: 'UID SEARCH',
  states: ['selected'],
  parse,
  run: (args, session) => run(args, session, true),
});
