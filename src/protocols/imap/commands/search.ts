import { command } from '../command.ts';
import { Refusal } from '../reply.ts';
import { searchCharset } from '../search/charset.ts';
import { matchingPositions } from '../search/run.ts';
import type { Session } from '../session.ts';
import type { Decoder } from '../wire/decoder.ts';
import { asksModseq, type SearchKey, searchProgram } from '../wire/search-key.ts';

interface SearchArgs {
  readonly program: SearchKey;
}

function parse(d: Decoder): SearchArgs {
  d.sp();
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
  return { program };
}

async function run({ program }: SearchArgs, session: Session, byUid: boolean): Promise<string> {
  const modseq = asksModseq(program);
  if (modseq) session.enabled.add('CONDSTORE');
  const found = await matchingPositions(session, program);
  const { out, selected } = session;
  const { view } = selected.tracker;
  out.text('* SEARCH');
  let highest = 0;
  let n = 0;
  for (const at of found) {
    if (++n % 1000 === 0 && out.mustPause()) await out.pause();
    out.text(' ').number(byUid ? (view.uids[at] as number) : at + 1);
    if (modseq) highest = Math.max(highest, view.modseqAt(at));
  }
  if (modseq && found.length > 0) out.text(' (MODSEQ ').number(highest).text(')');
  out.line('');
  return 'SEARCH completed';
}

/** SEARCH (RFC 3501 §6.4.4; MODSEQ: RFC 7162 §3.1.5). */
export const search = command<SearchArgs>({
  name: 'SEARCH',
  states: ['selected'],
  keepsNumbers: true,
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
