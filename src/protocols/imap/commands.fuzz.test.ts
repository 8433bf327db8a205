import fc from 'fast-check';
import { expect, test } from 'vitest';
import { withoutStall } from '../../../test/support/cpu.ts';
import { RUNS } from '../../../test/support/fuzz.ts';
import { MailError } from '../../mail/error.ts';
import { afterLogin } from './limits.ts';
import { COMMANDS, commandNamed } from './registry.ts';
import { Refusal } from './reply.ts';
import type { Session } from './session.ts';
import { announcedLiteral, Decoder, LiteralNeeded, type Piece } from './wire/decoder.ts';

/** What arguments are made of, the separators among them. */
const WORDS = [
  [' ', ' ', ' ', '(', ')', '"', '\\', '<', '>', '[', ']', '*', '%', '$', ',', ':', '+', '-', '.', '~', '='],
  ['0', '1', '2', '1:*', '4294967295', '4294967296', '9007199254740993', '-1:-2', 'NIL', '()', '""', '"x"'],
  ['INBOX', 'f/g', '&AGE-', '&2D3cRA-', '__proto__', 'UTF-8', 'EUC-KR', 'x-none', 'FLAGS', '+FLAGS.SILENT'],
  ['\\Seen', '\\Deleted', '$Junk', 'BODY', '.PEEK', 'HEADER.FIELDS', 'MIME', 'BINARY', 'ENVELOPE', 'ALL', 'UID'],
  ['NOT ', 'OR ', 'FROM ', 'HEADER ', 'SINCE ', '1-Feb-2024', 'MODSEQ ', 'LARGER ', 'YOUNGER ', 'KEYWORD '],
  ['RETURN ', 'PARTIAL ', 'MIN', 'SAVE', 'REFERENCES', 'REVERSE ', 'SUBJECT', 'SUBSCRIBED', 'CHILDREN', 'STATUS'],
  ['CONDSTORE', 'QRESYNC', 'CHANGEDSINCE ', 'UNCHANGEDSINCE ', 'VANISHED', 'SET', 'NONE', 'personal', 'subtree '],
  ['MessageNew', 'MessageExpunge', '/private/comment', 'lrswi', 'USE', 'UTF8 (', 'PLAIN', 'PLAIN =', 'DEFLATE'],
].flat();

/** Arguments as they should be, of every command that has some; `{}` stands for the bytes of a literal. */
const GOOD: ReadonlyMap<string, readonly string[]> = new Map([
  ['LOGIN', [' alice {}', ' "a" pass']],
  ['AUTHENTICATE', [' PLAIN', ' PLAIN =']],
  ['ID', [' NIL', ' ("name" {} "os" NIL)']],
  ['ENABLE', [' CONDSTORE UTF8=ACCEPT']],
  ['COMPRESS', [' DEFLATE']],
  ['SELECT', [' INBOX', ' f/g (QRESYNC (67890007 20050715194045000 41:211,214:541))', ' {} (CONDSTORE)']],
  ['EXAMINE', [' "&AOk-"']],
  ['CREATE', [' f/g', ' {} (USE (\\Junk))']],
  ['DELETE', [' f']],
  ['RENAME', [' f "g h"']],
  ['SUBSCRIBE', [' f']],
  ['UNSUBSCRIBE', [' {}']],
  ['LIST', [' "" *', ' (SUBSCRIBED REMOTE) "" ("a" "%") RETURN (CHILDREN STATUS (MESSAGES SIZE))']],
  ['LSUB', [' "" {}']],
  ['STATUS', [' INBOX (MESSAGES UIDNEXT HIGHESTMODSEQ DELETED)']],
  ['GETQUOTA', [' ""']],
  ['GETQUOTAROOT', [' INBOX']],
  ['GETMETADATA', [' INBOX (/private/comment)', ' (DEPTH infinity MAXSIZE 10) "" (/shared/comment)']],
  ['SETMETADATA', [' INBOX (/private/comment {} /shared/comment NIL)']],
  ['SETACL', [' INBOX bob@example.test +lrs']],
  ['DELETEACL', [' INBOX bob']],
  ['GETACL', [' INBOX']],
  ['LISTRIGHTS', [' INBOX {}']],
  ['MYRIGHTS', [' INBOX']],
  ['APPEND', [' INBOX (\\Seen $x) " 7-Feb-1994 21:52:25 -0800" {14}', ' f UTF8 ({14}']],
  ['NOTIFY', [' NONE', ' SET STATUS (selected (MessageNew (UID FLAGS) MessageExpunge)) (subtree f (MailboxName))']],
  ['UID EXPUNGE', [' 3,5:*']],
  ['SEARCH', [' RETURN (MIN PARTIAL 1:5) CHARSET UTF-8 OR FROM {} NOT (SINCE 1-Feb-1994 UID 1:*)', ' ALL']],
  ['SORT', [' RETURN (COUNT SAVE) (REVERSE DATE SUBJECT) UTF-8 TEXT {}']],
  ['THREAD', [' REFERENCES UTF-8 SUBJECT "x" 1:3']],
  ['FETCH', [' 1:* (FLAGS BODY.PEEK[1.HEADER.FIELDS (From {})]<0.9> BINARY.SIZE[2]) (CHANGEDSINCE 9)', ' $ FAST']],
  ['STORE', [' 1,2 (UNCHANGEDSINCE 12) +FLAGS.SILENT (\\Seen k)', ' 1 FLAGS \\Seen']],
  ['COPY', [' 1:* f']],
  ['MOVE', [' $ {}']],
  ['REPLACE', [' 4 Drafts (\\Draft) {14}']],
]);

/** The same for a command that takes them by UID. */
const goodOf = (name: string): readonly string[] => GOOD.get(name) ?? GOOD.get(name.replace('UID ', '')) ?? [''];

/** Text, or the bytes of a literal. */
type Token = string | Buffer;

const tokens = (text: string): Token[] =>
  text.split(/({}|[ ()"])/).map((one) => (one === '{}' ? Buffer.from('literal') : one));

const noise: fc.Arbitrary<Token> = fc.oneof(
  { weight: 14, arbitrary: fc.constantFrom<Token>(...WORDS) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 4 }) },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 6 }).map((bytes) => Buffer.from(bytes)) },
);

/** Where something else comes in, and whether it takes the place of what stands there. */
const changes = fc.array(fc.tuple(fc.nat(60), fc.boolean(), noise), { maxLength: 4 });

/** As the reader hands them over: the text up to each literal, and its bytes; the last may be one that was only announced. */
function pieces(all: readonly Token[]): Piece[] {
  const made: Piece[] = [];
  let text = '';
  for (const one of all) {
    if (typeof one === 'string') text += one;
    else {
      made.push({ text: Buffer.from(text, 'latin1'), literal: one });
      text = '';
    }
  }
  const rest = Buffer.from(text, 'latin1');
  const announced = announcedLiteral(rest);
  const last = announced && { text: rest.subarray(0, announced.end), announced: announced.literal };
  return [...made, last ?? { text: rest }];
}

/** What parsing asks of a session. */
const session = (...enabled: readonly string[]): Session => {
  const set = new Set(enabled);
  const parsed: Pick<Session, 'enabled' | 'rev2' | 'utf8' | 'uidOnly' | 'limits'> = {
    enabled: set,
    rev2: set.has('IMAP4REV2'),
    utf8: set.has('UTF8=ACCEPT') || set.has('IMAP4REV2'),
    uidOnly: set.has('UIDONLY'),
    limits: afterLogin,
  };
  return parsed as Session;
};
const QRESYNC = session('QRESYNC');
const SESSIONS = [QRESYNC, session(), session('QRESYNC', 'IMAP4REV2'), session('UTF8=ACCEPT', 'UIDONLY', 'QRESYNC')];

function parse(name: string, args: readonly Token[], by: Session): unknown {
  const d = new Decoder(pieces([`t ${name}`, ...args]), by.limits, by.utf8);
  d.tag();
  return commandNamed(d.sp())?.parse(d, by);
}

test.each(COMMANDS.map(({ name }) => name))('%s is read as it should be', (name) => {
  for (const args of goodOf(name)) expect(() => parse(name, tokens(args), QRESYNC)).not.toThrow();
});

test('the arguments of every command: read or refused, never more, and nothing stalls', () => {
  const sentence = fc.constantFrom(
    ...COMMANDS.flatMap(({ name }) => goodOf(name).map((args) => [name, tokens(args)] as const)),
  );
  fc.assert(
    fc.property(sentence, changes, fc.constantFrom(...SESSIONS), ([name, good], changed, by) => {
      const args = [...good];
      for (const [at, instead, other] of changed) args.splice(at % (args.length + 1), instead ? 1 : 0, other);
      withoutStall(() => {
        try {
          parse(name, args, by);
        } catch (error) {
          if (error instanceof Refusal || error instanceof LiteralNeeded) return;
          if (!(error instanceof MailError) || error.kind === 'bug') throw error;
        }
      });
    }),
    { numRuns: RUNS },
  );
});

test('literals: what a line announces is what is written there, whatever precedes it', () => {
  const line = fc.tuple(
    fc.array(
      fc.oneof(fc.constantFrom(...WORDS, '{', '}', '+', '{1}', '~{'), fc.string({ unit: 'binary', maxLength: 4 })),
      {
        maxLength: 6,
      },
    ),
    fc.constantFrom('', '~'),
    fc.string({ unit: fc.constantFrom('0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'x', '{'), maxLength: 20 }),
    fc.constantFrom('', '+', '-'),
  );
  fc.assert(
    fc.property(line, ([before, binary, digits, sign]) => {
      const text = Buffer.from(`${before.join('')}${binary}{${digits}${sign}}`, 'latin1');
      const found = withoutStall(() => announcedLiteral(text));
      const [said, binary8, size, sign8] = /(~?)\{(\d+)(\+?)\}$/.exec(text.toString('latin1')) ?? [];
      expect(found !== undefined).toBe(said !== undefined);
      if (found === undefined || said === undefined) return;
      const { literal, end } = found;
      expect(literal.nonSync).toBe(sign8 === '+');
      expect(literal.binary).toBe(binary8 === '~');
      expect(end).toBe(text.length - said.length);
      // Absurd ones are as large as can be, so that they are refused.
      expect(literal.size).toBe((size ?? '').length <= 15 ? Number(size) : Number.MAX_SAFE_INTEGER);
    }),
    { numRuns: RUNS },
  );
});
