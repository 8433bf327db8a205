/** Every state × everything that goes wrong in it × every command after that, against a model of the session (G14). */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runScript } from '../../../test/imap/script.ts';
import { ImapService } from '../../../test/imap/service.ts';
import { COMMANDS } from './registry.ts';

/** Not authenticated, authenticated, selected, selected for reading only, logged out. */
type State = 'N' | 'A' | 'S' | 'R' | 'L';
type Status = 'OK' | 'NO' | 'BAD';

/** A command as it is sent (without its tag), the states it is possible in, what comes of it there, and where it leads. */
interface Move {
  readonly line: string;
  readonly in: string;
  readonly status?: Status | ((state: State) => Status);
  readonly to?: (state: State) => State;
}

const stay = (state: State): State => state;
const unselected = (state: State): State => (state === 'N' ? 'N' : 'A');
const onlyWritable = (state: State): Status => (state === 'R' ? 'NO' : 'OK');
const LITERAL = '{14+}\r\nSubject: x\r\n\r\n';

const MOVES: readonly Move[] = [
  { line: 'CAPABILITY', in: 'NASR' },
  { line: 'NOOP', in: 'NASR' },
  { line: 'ID NIL', in: 'NASR' },
  { line: 'LOGOUT', in: 'NASR', to: () => 'L' },
  { line: 'LOGIN alice@example.test pass', in: 'N', to: () => 'A' },
  { line: 'LOGIN alice@example.test wrong', in: 'N', status: 'NO' },
  { line: 'AUTHENTICATE PLAIN AGFsaWNlQGV4YW1wbGUudGVzdABwYXNz', in: 'N', to: () => 'A' },
  { line: 'AUTHENTICATE PLAIN\r\n*', in: 'N', status: 'BAD' },
  { line: 'AUTHENTICATE X', in: 'N', status: 'NO' },
  { line: 'STARTTLS', in: 'N', status: 'BAD' },
  { line: 'ENABLE CONDSTORE', in: 'ASR' },
  { line: 'COMPRESS DEFLATE', in: 'ASR' },
  { line: 'SELECT INBOX', in: 'ASR', to: () => 'S' },
  { line: 'EXAMINE INBOX', in: 'ASR', to: () => 'R' },
  { line: 'SELECT nowhere', in: 'ASR', status: 'NO', to: unselected },
  { line: 'EXAMINE &AGE-', in: 'ASR', status: 'NO' },
  { line: 'CREATE INBOX', in: 'ASR', status: 'NO' },
  { line: 'DELETE nowhere', in: 'ASR', status: 'NO' },
  { line: 'RENAME nowhere else', in: 'ASR', status: 'NO' },
  { line: 'SUBSCRIBE Sent', in: 'ASR' },
  { line: 'UNSUBSCRIBE nowhere', in: 'ASR' },
  { line: 'LIST "" *', in: 'ASR' },
  { line: 'LSUB "" %', in: 'ASR' },
  { line: 'NAMESPACE', in: 'ASR' },
  { line: 'STATUS INBOX (MESSAGES)', in: 'ASR' },
  { line: 'MYRIGHTS INBOX', in: 'ASR' },
  { line: 'GETACL nowhere', in: 'ASR', status: 'NO' },
  { line: 'STATUS nowhere (MESSAGES)', in: 'ASR', status: 'NO' },
  { line: `APPEND Trash ${LITERAL}`, in: 'ASR' },
  { line: `APPEND nowhere ${LITERAL}`, in: 'ASR', status: 'NO' },
  { line: 'IDLE\r\nDONE', in: 'ASR' },
  { line: 'CHECK', in: 'SR' },
  { line: 'CLOSE', in: 'SR', to: unselected },
  { line: 'UNSELECT', in: 'SR', to: unselected },
  { line: 'EXPUNGE', in: 'SR', status: onlyWritable },
  { line: 'UID EXPUNGE 1', in: 'SR', status: onlyWritable },
  { line: 'SEARCH ALL', in: 'SR' },
  { line: 'UID SEARCH TEXT x', in: 'SR' },
  { line: 'SEARCH CHARSET X ALL', in: 'SR', status: 'NO' },
  { line: 'FETCH 1 (FLAGS BODY[])', in: 'SR' },
  { line: 'UID FETCH 1:* ENVELOPE', in: 'SR' },
  { line: 'FETCH 9 FLAGS', in: 'SR', status: 'BAD' },
  { line: 'STORE 1 +FLAGS (\\Seen)', in: 'SR', status: onlyWritable },
  { line: 'UID STORE 1 (UNCHANGEDSINCE 1) FLAGS ()', in: 'SR', status: onlyWritable },
  { line: 'COPY 1 Archive', in: 'SR' },
  { line: 'UID COPY 1 nowhere', in: 'SR', status: 'NO' },
  { line: 'MOVE 1 nowhere', in: 'SR', status: 'NO' },
  { line: 'UID MOVE 99 Sent', in: 'SR', status: onlyWritable },
  { line: `UID REPLACE 99 Sent ${LITERAL}`, in: 'SR', status: 'NO' },
  { line: `REPLACE 1 nowhere ${LITERAL}`, in: 'SR', status: 'NO' },
  { line: 'FETCH 1 (BINARY.PEEK[1] BINARY.SIZE[])', in: 'SR' },
  { line: 'NOTIFY SET STATUS (personal (MessageNew MessageExpunge))', in: 'ASR' },
];

/** Every command with something after it that cannot be there: BAD in all states. */
const MALFORMED: readonly Move[] = COMMANDS.filter(({ name }) => name !== 'AUTHENTICATE').map(({ name }) => ({
  line: `${name} )`,
  in: 'NASR',
  status: 'BAD',
}));

/** What goes wrong before. `untagged`: the answer has no tag. */
const FAULTS: readonly (Move & { readonly untagged?: boolean })[] = [
  { line: 'NOOP', in: 'NASR' },
  { line: 'FOO', in: 'NASR', status: 'BAD' },
  { line: 'FOO {3+}\r\nabc', in: 'ASR', status: 'BAD' },
  { line: 'LIST "" {99999999}', in: 'ASR', status: 'NO' },
  { line: 'LOGIN {99999999}', in: 'N', status: 'NO' },
  { line: 'SELECT', in: 'ASR', status: 'BAD' },
  { line: 'SELECT nowhere', in: 'ASR', status: 'NO', to: unselected },
  { line: 'STORE 99 FLAGS ()', in: 'SR', status: (state) => (state === 'R' ? 'NO' : 'BAD') },
  { line: `APPEND nowhere ${LITERAL}`, in: 'ASR', status: 'NO' },
  { line: `APPEND INBOX ${LITERAL} more`, in: 'ASR', status: 'BAD' },
  { line: `APPEND INBOX ${LITERAL} ${LITERAL} {0+}\r\n`, in: 'ASR', status: 'NO' },
  { line: `REPLACE 1 Sent ${LITERAL} more`, in: 'SR', status: (state) => (state === 'R' ? 'NO' : 'BAD') },
  { line: 'LOGIN alice@example.test wrong', in: 'N', status: 'NO' },
  { line: 'NOOP\nf NOOP', in: 'NASR', untagged: true },
];

const ENTER: Readonly<Record<'N' | 'A' | 'S' | 'R', string>> = {
  N: '',
  A: 'e LOGIN alice@example.test pass\r\n',
  S: 'e LOGIN alice@example.test pass\r\ne SELECT INBOX\r\n',
  R: 'e LOGIN alice@example.test pass\r\ne EXAMINE INBOX\r\n',
};

let service: ImapService;
beforeAll(async () => {
  service = await ImapService.start({ plaintextLogin: true });
  await service.deliver('A', 'INBOX', ['Subject: 1\r\n\r\nx\r\n', 'Subject: 2\r\n\r\nx\r\n']);
});
afterAll(() => service[Symbol.asyncDispose]());

function judged(move: Move, state: State): { status: Status | undefined; state: State } {
  if (state === 'L') return { status: undefined, state };
  if (!move.in.includes(state)) return { status: 'BAD', state };
  const status = typeof move.status === 'function' ? move.status(state) : (move.status ?? 'OK');
  return { status, state: (move.to ?? stay)(state) };
}

const answered = (output: string, tag: string): string | undefined =>
  new RegExp(`^${tag === '*' ? '\\*' : tag} (OK|NO|BAD)`, 'm').exec(output)?.[1];

test.each(['N', 'A', 'S', 'R'] as const)('in state %s', async (start) => {
  let cells = 0;
  for (const fault of FAULTS) {
    for (const move of [...MOVES, ...MALFORMED]) {
      const sent = `${ENTER[start]}f ${fault.line}\r\nn ${move.line}\r\np NAMESPACE\r\nq CHECK\r\nr EXPUNGE\r\n`;
      const { output, errors } = await runScript(service.services, Buffer.from(sent, 'latin1'));
      const broken = judged(fault, start);
      const next = judged(move, broken.state);
      const probe = (tag: 'p' | 'q' | 'r', line: string) => [
        tag,
        judged(MOVES.find((one) => one.line === line) as Move, next.state).status,
      ];
      const model = [
        ['f', fault.untagged ? 'OK' : broken.status],
        ['n', next.status],
        probe('p', 'NAMESPACE'),
        probe('q', 'CHECK'),
        probe('r', 'EXPUNGE'),
      ];
      const got = model.map(([tag]) => [tag, answered(output, tag as string)]);
      expect({ sent, got, errors }).toEqual({ sent, got: model, errors: [] });
      cells++;
    }
  }
  // All states together are more than 2,000.
  expect(cells).toBeGreaterThan(500);
});
