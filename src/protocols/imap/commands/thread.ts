import { baseSubject, threadParents } from '../../../mail/thread.ts';
import { type ThreadMessage, type ThreadNode, threadsByReferences, threadsBySubject } from '../../../mail/threading.ts';
import type { MsgId } from '../../../mailstore/api.ts';
import { command, whenSignedIn } from '../command.ts';
import { searchArgs } from '../search/charset.ts';
import { matchingPositions } from '../search/run.ts';
import type { Session } from '../session.ts';
import { type Decoder, malformed } from '../wire/decoder.ts';
import type { SearchKey } from '../wire/search-key.ts';

const ALGORITHMS = new Map([
  ['REFERENCES', threadsByReferences],
  ['ORDEREDSUBJECT', threadsBySubject],
]);

interface ThreadArgs {
  readonly algorithm: typeof threadsByReferences;
  readonly program: SearchKey;
}

function parse(d: Decoder, session: Session): ThreadArgs {
  const algorithm = ALGORITHMS.get(d.sp().word());
  if (algorithm === undefined) throw malformed('unknown threading algorithm');
  return { algorithm, program: searchArgs(d.sp(), session) };
}

async function run({ algorithm, program }: ThreadArgs, session: Session, byUid: boolean): Promise<string> {
  const { out, selected } = session;
  const { view } = selected.tracker;
  const positions = await matchingPositions(session, program, 'refused');
  const numbers: number[] = [];
  const messages: ThreadMessage[] = [];
  let i = 0;
  for await (const details of session.selected.account.detailsOf(positions.map((at) => view.ids[at] as MsgId))) {
    const at = positions[i++]!;
    if (out.mustPause()) await out.pause();
    if (details === undefined || view.flagsAt(at) < 0) continue;
    const { messageId, references, inReplyTo, subject } = details.envelope;
    messages.push({
      messageId,
      parents: threadParents(references, inReplyTo),
      subject: baseSubject(subject),
      date: view.sentDateAt(at),
    });
    numbers.push(byUid ? (view.uids[at] as number) : at + 1);
  }
  const steps = algorithm(messages);
  let step = steps.next();
  for (; !step.done; step = steps.next()) if (out.mustPause()) await out.pause();
  out.text('* THREAD');
  if (step.value.length > 0) out.text(' ');
  await writeThreads(session, step.value, numbers);
  out.line('');
  return 'THREAD completed';
}

/** `(2)(3 6 (4 23)(44 7 96))` (RFC 5256 §4), without recursion: a thread may be as deep as a folder is long. */
async function writeThreads({ out }: Session, roots: readonly ThreadNode[], numbers: readonly number[]): Promise<void> {
  const open: (ThreadNode | string)[] = [];
  const push = (nodes: readonly ThreadNode[]): void => {
    for (const node of nodes.toReversed()) open.push(')', node, '(');
  };
  push(roots);
  let n = 0;
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (++n % 1000 === 0 && out.mustPause()) await out.pause();
    if (typeof next === 'string') {
      out.text(next);
      continue;
    }
    const { message, children } = next;
    if (message >= 0) out.number(numbers[message]!);
    if (message >= 0 && children.length > 0) out.text(' ');
    if (children.length === 1) open.push(children[0]!);
    else push(children);
  }
}

/** THREAD (RFC 5256 §3). */
export const thread = command<ThreadArgs>({
  name: 'THREAD',
  byNumber: true,
  states: ['selected'],
  searches: true,
  keepsNumbers: true,
  capabilities: whenSignedIn('THREAD=REFERENCES', 'THREAD=ORDEREDSUBJECT'),
  parse,
  run: (args, session) => run(args, session, false),
});

/** UID THREAD (RFC 5256 §3). */
export const uidThread = command<ThreadArgs>({
  name: 'UID THREAD',
  states: ['selected'],
  searches: true,
  parse,
  run: (args, session) => run(args, session, true),
});
