import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runScript } from '../../../test/imap/script.ts';
import { ImapService } from '../../../test/imap/service.ts';
import { mutated, RUNS } from '../../../test/support/fuzz.ts';
import { COMMANDS } from './registry.ts';

const pristine = Object.getOwnPropertyNames(Object.prototype).sort();

let service: ImapService;
beforeAll(async () => {
  service = await ImapService.start({ plaintextLogin: true });
});
afterAll(() => service[Symbol.asyncDispose]());

/** Runs on one account: after more of them copies of copies make it ever larger. */
const RUNS_PER_ACCOUNT = 50;
const message = (n: number): string => `From: a@b.c\r\nSubject: m${n}\r\n\r\nbody ${n}\r\n`;

const words = [
  ...COMMANDS.map(({ name }) => name).filter((name) => name !== 'STARTTLS'),
  'INBOX',
  'Sent',
  'f/g',
  '__proto__',
  '&AGE-',
  '"x"',
  '""',
  '*',
  '%',
  '1',
  '1:*',
  '2,4',
  '4294967295',
  '0',
  '(',
  ')',
  '()',
  'FLAGS',
  '+FLAGS',
  '-FLAGS.SILENT',
  '(\\Seen)',
  '\\Deleted',
  'constructor',
  'UID',
  'BODY[]',
  'BODY.PEEK[1.MIME]<0.5>',
  'ENVELOPE',
  'BODYSTRUCTURE',
  'ALL',
  'NOT',
  'OR',
  'CHARSET',
  'UTF-8',
  'TEXT',
  'HEADER',
  'MESSAGES',
  '(UIDNEXT UNSEEN)',
  'PLAIN',
  'AGFAZXhhbXBsZS50ZXN0AHBhc3M=',
  '=',
  'DONE',
  'NIL',
  '(CONDSTORE)',
  '(UNCHANGEDSINCE 3)',
  '(CHANGEDSINCE 1)',
  'MODSEQ',
  '" 1-Jan-2024 00:00:00 +0000"',
  '(USE (\\Junk))',
  'a@example.test',
  'pass',
  'BINARY.PEEK[1]<0.5>',
  'UTF8 (~{3+}\r\nabc)',
  '{3+}\r\nabc',
  'SET STATUS',
  '(personal (MessageNew MessageExpunge))',
  '(selected (MessageNew (FLAGS) MessageExpunge))',
  'IMAP4REV2',
  'UIDONLY',
];

/** Commands as they should be, to begin with. */
const good = [
  'CAPABILITY',
  'NOOP',
  'ID ("name" "x" "os" NIL)',
  'LOGIN alice@example.test pass',
  'AUTHENTICATE PLAIN AGFAZXhhbXBsZS50ZXN0AHBhc3M=',
  'ENABLE CONDSTORE',
  'ENABLE IMAP4rev2 UIDONLY',
  'NOTIFY SET (subtree f (MailboxName)) (selected-delayed NONE)',
  'SELECT INBOX',
  'EXAMINE Sent (CONDSTORE)',
  'CREATE f/g (USE (\\Junk))',
  'CREATE __proto__',
  'DELETE f/g',
  'RENAME f g/h',
  'SUBSCRIBE constructor',
  'UNSUBSCRIBE constructor',
  'LIST "" *',
  'LIST f/ %',
  'LSUB "" %',
  'NAMESPACE',
  'STATUS INBOX (MESSAGES UIDNEXT UIDVALIDITY UNSEEN HIGHESTMODSEQ)',
  'CHECK',
  'CLOSE',
  'UNSELECT',
  'EXPUNGE',
  'UID EXPUNGE 1:*',
  'IDLE\r\nDONE',
  'SEARCH CHARSET UTF-8 OR (TEXT "body" UNSEEN) NOT HEADER subject m1',
  'UID SEARCH 1:* UID 2 BODY x SINCE 1-Jan-2024 LARGER 10 KEYWORD k MODSEQ 1',
  'FETCH 1:* (UID FLAGS INTERNALDATE RFC822.SIZE MODSEQ)',
  'FETCH 1:* (ENVELOPE BODY BODYSTRUCTURE) (CHANGEDSINCE 1)',
  'UID FETCH 1:* (BODY[] BODY.PEEK[HEADER.FIELDS (From Subject)]<0.10> BODY[1.MIME] RFC822.HEADER)',
  'STORE 1:* (UNCHANGEDSINCE 999) +FLAGS (\\Seen constructor)',
  'UID STORE 1 -FLAGS.SILENT \\Deleted',
  'STORE 1 FLAGS.SILENT ()',
  'COPY 1:* INBOX',
  'UID COPY 1 Sent',
  'MOVE 1 Sent',
  'UID MOVE 1:* f/g',
  'APPEND INBOX (\\Seen) " 1-Jan-2024 00:00:00 +0000" {14+}\r\nSubject: x\r\n\r\n',
  'LOGOUT',
];

/** Now and then something else in the place of a word, or between two. */
const changed = fc
  .tuple(
    fc.constantFrom(...good),
    fc.array(fc.tuple(fc.nat(), fc.boolean(), fc.constantFrom(...words)), { maxLength: 2 }),
  )
  .map(([command, changes]) => {
    const parts = command.split(' ');
    for (const [at, insert, word] of changes) parts.splice(at % (parts.length + 1), insert ? 0 : 1, word);
    return `t ${parts.join(' ')}\r\n`;
  });

/** Bytes of a command changed, wherever: the end of its line, too. */
const damaged = mutated(
  good.map((command) => Buffer.from(`t ${command}\r\n`, 'latin1')),
  words,
  { changes: 3, bytes: 12 },
).map((bytes) => bytes.toString('latin1'));

/** A command more or less right, one with a literal, or anything. */
const line = fc.oneof(
  { weight: 20, arbitrary: changed },
  { weight: 8, arbitrary: damaged },
  {
    weight: 3,
    arbitrary: fc
      .tuple(
        fc.array(fc.constantFrom(...words), { maxLength: 4 }),
        fc.string({ unit: 'binary', maxLength: 12 }),
        fc.constantFrom('', '+'),
        fc.nat(14),
      )
      .map(([parts, bytes, sign, size]) => `t ${parts.join(' ')} {${size}${sign}}\r\n${bytes}\r\n`),
  },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 30 }).map((text) => `${text}\r\n`) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 30 }) },
);

test.each([
  ['not authenticated', ''],
  ['authenticated', 'l LOGIN ADDRESS pass\r\n'],
  ['selected', 'l LOGIN ADDRESS pass\r\ns SELECT INBOX\r\n'],
])('any commands, %s: no error of ours, nothing stalls', async (state, before) => {
  let slowest = 0;
  let done = 0;
  let run = 0;
  let name = '';
  await fc.assert(
    fc.asyncProperty(fc.array(line, { minLength: 1, maxLength: 4 }), async (lines) => {
      if (run++ % RUNS_PER_ACCOUNT === 0) {
        name = `${state.charAt(0)}${run}x`;
        await service.deliver(name, 'INBOX', [1, 2, 3].map(message), { keywords: ['k'] });
      }
      const text = `${before}${lines.join('')}`.replaceAll('ADDRESS', `${name}@example.test`);
      const from = process.threadCpuUsage();
      const { output, errors } = await runScript(service.services, Buffer.from(text, 'latin1'));
      const { user, system } = process.threadCpuUsage(from);
      slowest = Math.max(slowest, (user + system) / 1000);
      if (output.includes('t OK')) done++;
      expect(errors).toEqual([]);
      expect(output).not.toContain('[SERVERBUG]');
    }),
    { numRuns: Math.ceil(RUNS / 3) },
  );
  expect(Object.getOwnPropertyNames(Object.prototype).sort()).toEqual(pristine);
  // It is no use to fuzz what never gets anywhere.
  expect(done).toBeGreaterThan(RUNS / 60);
  expect(slowest).toBeLessThan(10_000);
});
