import { command, whenSignedIn } from '../command.ts';
import { answerEsearch, highestModseq, keepResult } from '../search/answer.ts';
import { searchArgs } from '../search/charset.ts';
import { matchingPositions } from '../search/run.ts';
import { type SortCriterion, sortCriteria, sortedPositions } from '../search/sort-keys.ts';
import type { Session } from '../session.ts';
import type { Decoder } from '../wire/decoder.ts';
import { asksModseq, type SearchKey } from '../wire/search-key.ts';
import { type SearchReturn, searchReturn } from '../wire/search-return.ts';

interface SortArgs {
  readonly criteria: readonly SortCriterion[];
  readonly program: SearchKey;
  /** Undefined for the old answer. */
  readonly returns: SearchReturn | undefined;
}

function parse(d: Decoder, session: Session): SortArgs {
  d.sp();
  let returns: SearchReturn | undefined;
  if (d.takeWord('RETURN')) {
    returns = searchReturn(d.sp());
    d.sp();
  }
  const criteria = sortCriteria(d);
  const program = searchArgs(d.sp(), session);
  return { criteria, program, returns };
}

async function run({ criteria, program, returns }: SortArgs, session: Session, byUid: boolean): Promise<string> {
  const modseq = asksModseq(program);
  if (modseq) session.enabled.add('CONDSTORE');
  const found = await keepResult(session, returns, async () =>
    sortedPositions(session, await matchingPositions(session, program, 'refused'), criteria),
  );
  if (returns !== undefined) answerEsearch(session, found, returns, byUid, modseq);
  else {
    const { out, selected } = session;
    const { uids } = selected.tracker.view;
    out.text('* SORT');
    let n = 0;
    for (const at of found) {
      if (++n % 1000 === 0 && out.mustPause()) await out.pause();
      out.text(' ').number(byUid ? (uids[at] as number) : at + 1);
    }
    if (modseq && found.length > 0) out.text(' (MODSEQ ').number(highestModseq(session, found)).text(')');
    out.line('');
  }
  return 'SORT completed';
}

/** SORT (RFC 5256 §3; DISPLAYFROM and DISPLAYTO: RFC 5957; RETURN: RFC 5267 §3). */
export const sort = command<SortArgs>({
  name: 'SORT',
  byNumber: true,
  states: ['selected'],
  searches: true,
  keepsNumbers: true,
  capabilities: whenSignedIn('SORT', 'SORT=DISPLAY', 'ESORT'),
  parse,
  run: (args, session) => run(args, session, false),
});

/** UID SORT (RFC 5256 §3). */
export const uidSort = command<SortArgs>({
  name: 'UID SORT',
  states: ['selected'],
  searches: true,
  parse,
  run: (args, session) => run(args, session, true),
});
