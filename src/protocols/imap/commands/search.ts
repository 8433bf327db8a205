import { command, whenSignedIn } from '../command.ts';
import { answerEsearch, highestModseq, keepResult } from '../search/answer.ts';
import { searchArgs } from '../search/charset.ts';
import { matchingPositions } from '../search/run.ts';
import type { Session } from '../session.ts';
import { type Decoder, malformed } from '../wire/decoder.ts';
import { asksModseq, type SearchKey } from '../wire/search-key.ts';
import { type SearchReturn, searchReturn } from '../wire/search-return.ts';

interface SearchArgs {
  readonly program: SearchKey;
  /** Undefined for the old answer. */
  readonly returns: SearchReturn | undefined;
}

/** IMAP4rev2 has no other answer than ESEARCH (RFC 9051 §6.4.4). */
const ALL: SearchReturn = { min: false, max: false, all: true, count: false, save: false, partial: undefined };

function parse(d: Decoder, session: Session): SearchArgs {
  d.sp();
  let returns: SearchReturn | undefined;
  if (d.takeWord('RETURN')) {
    returns = searchReturn(d.sp());
    d.sp();
  } else if (session.rev2) returns = ALL;
  // The charset is UTF-8 already (RFC 9755 §3).
  if (session.enabled.has('UTF8=ACCEPT') && d.nextIs('CHARSET ')) throw malformed('no CHARSET after UTF8=ACCEPT');
  const program = d.takeWord('CHARSET') ? searchArgs(d.sp(), session) : searchArgs(d, session, 'UTF-8');
  return { program, returns };
}

async function run({ program, returns }: SearchArgs, session: Session, byUid: boolean): Promise<string> {
  const modseq = asksModseq(program);
  if (modseq) session.enabled.add('CONDSTORE');
  const found = await keepResult(session, returns, () => matchingPositions(session, program, 'left-out'));
  if (returns === undefined) await writeSearch(session, found, byUid, modseq);
  else answerEsearch(session, found, returns, byUid, modseq);
  return 'SEARCH completed';
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

/** SEARCH (RFC 3501 §6.4.4; MODSEQ: RFC 7162 §3.1.5; RETURN: RFC 4731). */
export const search = command<SearchArgs>({
  name: 'SEARCH',
  byNumber: true,
  states: ['selected'],
  searches: true,
  keepsNumbers: true,
  capabilities: whenSignedIn('INPROGRESS', 'ESEARCH', 'SEARCHRES', 'PARTIAL', 'WITHIN'),
  parse,
  run: (args, session) => run(args, session, false),
});

/** UID SEARCH (RFC 3501 §6.4.8). */
export const uidSearch = command<SearchArgs>({
  name: 'UID SEARCH',
  states: ['selected'],
  searches: true,
  parse,
  run: (args, session) => run(args, session, true),
});
