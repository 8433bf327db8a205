/**
 * Who reaches what over IMAP, POP3 and ManageSieve (F1, G15): every command there is, asked by whoever is not signed in, and by others
 * than the owner with the owner's names and numbers. What is somebody else's is answered like what is not there.
 */
import { beforeAll, describe, expect, test } from 'vitest';
import { memoryBackend } from '../../test/support/backend.ts';
import { ScriptConnection } from '../../test/support/script-connection.ts';
import type { Connection } from '../net/connection.ts';
import { ConnectionError } from '../net/error.ts';
import type { LineProtocol } from '../net/network.ts';
import { COMMANDS as IMAP } from './imap/registry.ts';
import { createImapServer } from './imap/server.ts';
import { COMMANDS as MANAGESIEVE } from './managesieve/commands/registry.ts';
import { manageSieve } from './managesieve/protocol.ts';
import { COMMANDS as POP3 } from './pop3/commands/registry.ts';
import { pop3 } from './pop3/protocol.ts';

const SECRET = 'alice-only-marker';
const PASSWORD = 'secret password';

let backend: Awaited<ReturnType<typeof memoryBackend>>;
let imap: LineProtocol;
let drops: LineProtocol;
let scripts: LineProtocol;
let theirs: Names;
beforeAll(async () => {
  backend = await memoryBackend();
  await backend.directory.updateAccount((await backend.add('admin@example.test')).account, { admin: true });
  const placed = await Promise.all(
    Array.from({ length: 20 }, () => backend.deliver(backend.alice, `Subject: ${SECRET}\r\n\r\n${SECRET}`)),
  );
  const last = placed.at(-1);
  using account = await backend.accountOf(backend.alice);
  await account.createFolder(SECRET);
  await backend.scripts.put(account, SECRET, `keep; # ${SECRET}`);
  theirs = {
    mailbox: `~alice@example.test/${SECRET}`,
    uid: String(last?.uid),
    message: String(last?.email),
    thread: String(last?.thread),
    script: SECRET,
    user: 'alice@example.test',
  };
  const common = { ...backend, tls: undefined };
  imap = createImapServer({
    ...common,
    store: backend.mailstore,
    plaintextLogin: () => true,
    messageSize: 1_000,
    errors: 20,
    version: '0',
  });
  drops = pop3({ ...common, allowPlaintextLogin: 'always' });
  scripts = manageSieve({ ...common, allowPlaintextLogin: 'always' });
});

/** What a command may name. */
interface Names {
  readonly mailbox: string;
  readonly uid: string;
  readonly message: string;
  readonly thread: string;
  readonly script: string;
  readonly user: string;
}
const MISSING: Names = {
  mailbox: '~nobody@example.test/Work',
  uid: '999',
  message: 'M'.repeat(16),
  thread: 'T'.repeat(16),
  script: 'missing',
  user: 'nobody@example.test',
};

/** What a server says to all that a client will ever send. */
async function said(protocol: LineProtocol, ...lines: readonly string[]): Promise<string> {
  const script = new ScriptConnection(...lines.map((line) => Buffer.from(`${line}\r\n`)));
  script.lineLimit = protocol.options.lineLimit;
  await protocol.serve(script as unknown as Connection).catch((error: unknown) => {
    if (!(error instanceof ConnectionError)) throw error;
  });
  expect(script.errors).toEqual([]);
  return script.output;
}

/** An answer whatever was named in the question. */
function comparable(answer: string, names: Names): string {
  return Object.values(names).reduce((text: string, name: string) => text.replaceAll(name, 'NAME'), answer);
}

async function sameAsMissing(ask: (names: Names) => Promise<string>): Promise<string> {
  const answer = await ask(theirs);
  expect(comparable(answer, theirs)).toBe(comparable(await ask(MISSING), MISSING));
  // A name that the asker said is told back; nothing else of hers is.
  expect(comparable(answer, theirs)).not.toContain(SECRET);
  return answer;
}

/** Each with what names something, and in a mailbox that holds one message of the asker's own. */
const IMAP_CASES: Readonly<Record<string, readonly ((names: Names) => string)[]>> = {
  CAPABILITY: [() => 'CAPABILITY'],
  NOOP: [() => 'NOOP'],
  LOGOUT: [() => 'LOGOUT'],
  STARTTLS: [() => 'STARTTLS'],
  LOGIN: [({ user }) => `LOGIN ${user} wrong`],
  AUTHENTICATE: [
    // With an identity to act for (RFC 4616): nobody acts for another.
    ({ user }) => `AUTHENTICATE PLAIN ${Buffer.from(`${user}\0bob@example.test\0${PASSWORD}`).toString('base64')}`,
  ],
  ID: [() => 'ID NIL'],
  ENABLE: [() => 'ENABLE CONDSTORE'],
  COMPRESS: [() => 'COMPRESS DEFLATE'],
  SELECT: [({ mailbox }) => `SELECT ${mailbox}`, ({ mailbox }) => `SELECT ${mailbox} (QRESYNC (1 1))`],
  EXAMINE: [({ mailbox }) => `EXAMINE ${mailbox}`],
  CREATE: [({ mailbox }) => `CREATE ${mailbox}`, ({ mailbox }) => `CREATE ${mailbox}/x`],
  DELETE: [({ mailbox }) => `DELETE ${mailbox}`],
  RENAME: [({ mailbox }) => `RENAME ${mailbox} mine`, ({ mailbox }) => `RENAME Junk ${mailbox}`],
  SUBSCRIBE: [({ mailbox }) => `SUBSCRIBE ${mailbox}`],
  UNSUBSCRIBE: [({ mailbox }) => `UNSUBSCRIBE ${mailbox}`],
  LIST: [({ mailbox }) => `LIST "" ${mailbox}`, () => 'LIST "" ~*', ({ mailbox }) => `LIST ${mailbox} *`],
  LSUB: [({ mailbox }) => `LSUB "" ${mailbox}`, () => 'LSUB "" ~*'],
  NAMESPACE: [() => 'NAMESPACE'],
  STATUS: [({ mailbox }) => `STATUS ${mailbox} (MESSAGES UIDNEXT UIDVALIDITY SIZE MAILBOXID)`],
  GETQUOTA: [({ mailbox }) => `GETQUOTA ${mailbox}`, ({ user }) => `GETQUOTA ${user}`],
  GETQUOTAROOT: [({ mailbox }) => `GETQUOTAROOT ${mailbox}`],
  GETMETADATA: [({ mailbox }) => `GETMETADATA ${mailbox} (/private/comment /shared/imapsieve/script)`],
  SETMETADATA: [({ mailbox }) => `SETMETADATA ${mailbox} (/private/comment "x")`],
  SETACL: [({ mailbox }) => `SETACL ${mailbox} bob@example.test lr`],
  DELETEACL: [({ mailbox }) => `DELETEACL ${mailbox} bob@example.test`],
  GETACL: [({ mailbox }) => `GETACL ${mailbox}`],
  LISTRIGHTS: [({ mailbox }) => `LISTRIGHTS ${mailbox} bob@example.test`],
  MYRIGHTS: [({ mailbox }) => `MYRIGHTS ${mailbox}`],
  APPEND: [({ mailbox }) => `APPEND ${mailbox} {1+}\r\nx`],
  IDLE: [() => 'IDLE\r\nDONE'],
  NOTIFY: [({ mailbox }) => `NOTIFY SET STATUS (mailboxes ${mailbox} (MessageNew MessageExpunge))`],
  CHECK: [() => 'CHECK'],
  CLOSE: [() => 'CLOSE'],
  UNSELECT: [() => 'UNSELECT'],
  EXPUNGE: [() => 'EXPUNGE'],
  'UID EXPUNGE': [({ uid }) => `UID EXPUNGE ${uid}`],
  SEARCH: [({ message }) => `SEARCH EMAILID ${message}`, () => `SEARCH TEXT ${SECRET.slice(1)}`],
  'UID SEARCH': [({ thread }) => `UID SEARCH THREADID ${thread}`, ({ uid }) => `UID SEARCH UID ${uid}`],
  SORT: [({ message }) => `SORT (DATE) UTF-8 EMAILID ${message}`],
  'UID SORT': [({ uid }) => `UID SORT (DATE) UTF-8 UID ${uid}`],
  THREAD: [({ thread }) => `THREAD REFERENCES UTF-8 THREADID ${thread}`],
  'UID THREAD': [({ uid }) => `UID THREAD REFERENCES UTF-8 UID ${uid}`],
  FETCH: [({ uid }) => `FETCH ${uid} (ENVELOPE BODY[])`],
  'UID FETCH': [({ uid }) => `UID FETCH ${uid} (ENVELOPE BODY[] EMAILID)`],
  STORE: [({ uid }) => String.raw`STORE ${uid} +FLAGS (\Deleted)`],
  'UID STORE': [({ uid }) => String.raw`UID STORE ${uid} +FLAGS (\Deleted)`],
  COPY: [({ mailbox }) => `COPY 1 ${mailbox}`],
  'UID COPY': [({ mailbox }) => `UID COPY 1 ${mailbox}`, ({ uid }) => `UID COPY ${uid} INBOX`],
  MOVE: [({ mailbox }) => `MOVE 1 ${mailbox}`],
  'UID MOVE': [({ mailbox }) => `UID MOVE 1 ${mailbox}`, ({ uid }) => `UID MOVE ${uid} Trash`],
  REPLACE: [({ mailbox }) => `REPLACE 1 ${mailbox} {1+}\r\nx`],
  'UID REPLACE': [
    ({ mailbox }) => `UID REPLACE 1 ${mailbox} {1+}\r\nx`,
    ({ uid }) => `UID REPLACE ${uid} INBOX {1+}\r\nx`,
  ],
};
const IMAP_OPEN = ['CAPABILITY', 'NOOP', 'LOGOUT', 'STARTTLS', 'LOGIN', 'AUTHENTICATE', 'ID'];

describe('IMAP', () => {
  test('has a case for each command', () => {
    expect(Object.keys(IMAP_CASES)).toEqual(IMAP.map(({ name }) => name));
  });

  test.each(Object.keys(IMAP_CASES))('%s says nothing of others', async (name) => {
    for (const line of IMAP_CASES[name] ?? []) {
      const strangerTo = await sameAsMissing((names) => said(imap, `a ${line(names)}`));
      if (!IMAP_OPEN.includes(name)) expect(strangerTo).toMatch(/^a (?:BAD|NO) /m);
      const wrong = await sameAsMissing((names) => said(imap, `l LOGIN ${names.user} wrong`, `a ${line(names)}`));
      expect(wrong).toMatch(/^l NO \[AUTHENTICATIONFAILED\]/m);
      for (const who of ['bob', 'admin'])
        await sameAsMissing(async (names) => {
          const user = await backend.add(`${who}${crypto.randomUUID()}@example.test`);
          if (who === 'admin') await backend.directory.updateAccount(user.account, { admin: true });
          await backend.deliver(user, 'Subject: own\r\n\r\nown');
          const signIn = `l LOGIN ${user.address} "${PASSWORD}"`;
          const answer = await said(imap, signIn, 's SELECT INBOX', `a ${line(names)}`, 'z NOOP');
          return answer.slice(answer.indexOf('s OK')).replaceAll(user.address, 'SELF');
        });
    }
  });
});

const POP3_CASES: Readonly<Record<string, (names: Names) => string>> = {
  AUTH: ({ user }) => `AUTH PLAIN ${Buffer.from(`${user}\0bob@example.test\0${PASSWORD}`).toString('base64')}`,
  CAPA: () => 'CAPA',
  DELE: ({ uid }) => `DELE ${uid}`,
  LANG: () => 'LANG ko',
  LIST: ({ uid }) => `LIST ${uid}`,
  NOOP: () => 'NOOP',
  PASS: () => 'PASS wrong',
  QUIT: () => 'QUIT',
  RETR: ({ uid }) => `RETR ${uid}`,
  RSET: () => 'RSET',
  STAT: () => 'STAT',
  STLS: () => 'STLS',
  TOP: ({ uid }) => `TOP ${uid} 9`,
  UIDL: ({ uid }) => `UIDL ${uid}`,
  USER: ({ user }) => `USER ${user}`,
  UTF8: () => 'UTF8',
};
const SIEVE_CASES: Readonly<Record<string, (names: Names) => string>> = {
  AUTHENTICATE: ({ user }) =>
    `AUTHENTICATE "PLAIN" "${Buffer.from(`${user}\0bob@example.test\0${PASSWORD}`).toString('base64')}"`,
  STARTTLS: () => 'STARTTLS',
  CAPABILITY: () => 'CAPABILITY',
  CHECKSCRIPT: () => 'CHECKSCRIPT "keep;"',
  DELETESCRIPT: ({ script }) => `DELETESCRIPT "${script}"`,
  GETSCRIPT: ({ script }) => `GETSCRIPT "${script}"`,
  HAVESPACE: ({ script }) => `HAVESPACE "${script}" 10`,
  LISTSCRIPTS: () => 'LISTSCRIPTS',
  LOGOUT: () => 'LOGOUT',
  NOOP: () => 'NOOP',
  PUTSCRIPT: ({ script }) => `PUTSCRIPT "${script}" "invalid"`,
  RENAMESCRIPT: ({ script }) => `RENAMESCRIPT "${script}" "mine"`,
  SETACTIVE: ({ script }) => `SETACTIVE "${script}"`,
  UNAUTHENTICATE: () => 'UNAUTHENTICATE',
};

describe.each([
  ['POP3', POP3_CASES, POP3, () => drops, () => ['USER bob@example.test', `PASS ${PASSWORD}`]],
  [
    'ManageSieve',
    SIEVE_CASES,
    MANAGESIEVE,
    () => scripts,
    () => [`AUTHENTICATE "PLAIN" "${Buffer.from(`\0bob@example.test\0${PASSWORD}`).toString('base64')}"`],
  ],
] as const)('%s', (_, cases, commands, protocol, signIn) => {
  test('has a case for each command', () => {
    expect(Object.keys(cases).sort()).toEqual([...commands.keys()].sort());
  });

  test.each(Object.keys(cases))('%s says nothing of others', async (name) => {
    const line = cases[name];
    if (line === undefined) throw new Error(`no case for ${name}`);
    await sameAsMissing((names) => said(protocol(), line(names)));
    await sameAsMissing((names) => said(protocol(), ...signIn(), line(names)));
  });
});

test('she herself sees what the others do not', async () => {
  const alice = 'alice@example.test';
  const mailboxes = await said(
    imap,
    `l LOGIN ${alice} "${PASSWORD}"`,
    'a LIST "" *',
    's SELECT INBOX',
    'f FETCH 20 BODY.PEEK[]',
  );
  expect(mailboxes.match(new RegExp(SECRET, 'g'))).toHaveLength(3);
  expect(await said(drops, `USER ${alice}`, `PASS ${PASSWORD}`, 'RETR 20')).toContain(SECRET);
  const plain = Buffer.from(`\0${alice}\0${PASSWORD}`).toString('base64');
  expect(await said(scripts, `AUTHENTICATE "PLAIN" "${plain}"`, 'LISTSCRIPTS')).toContain(SECRET);
});

test('nothing of hers has changed', async () => {
  using account = await backend.accountOf(backend.alice);
  const inbox = account.folderWithRole('inbox');
  expect(inbox?.total).toBe(20);
  expect(inbox?.unread).toBe(20);
  expect(account.folderAt(SECRET)).toBeDefined();
  expect((await backend.scripts.list(account)).map(({ name }) => name)).toEqual([SECRET]);
});
