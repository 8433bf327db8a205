import { describe, expect, test } from 'vitest';
import { Pop3Client } from '../../../test/client/pop3.ts';
import { WireClient } from '../../../test/client/wire.ts';
import { onePop3Service } from '../../../test/pop3/one-service.ts';
import { runTranscript } from '../../../test/transcript/run.ts';
import { ManualClock } from '../../adapters/clock-manual.ts';
import { AccountConnections } from '../../net/account-connections.ts';
import { ErrorDelay } from '../../net/error-delay.ts';
import { COMMANDS } from './commands/registry.ts';
import { pop3 } from './protocol.ts';

const lab = onePop3Service();
const run = (script: string): Promise<void> => lab.run(script);

const SIGN_IN = (name: string, who = 'alice') => `
  ${name}< +OK Pabal POP3 at your service
  ${name}> USER ${who}@example.test
  ${name}< +OK Now the password
  ${name}> PASS secret password
`;

const MAILS = ['Subject: one\r\n\r\nfirst\r\n', 'Subject: two\r\n\r\n.dot\r\n..\r\nlast', 'Subject: three\r\n\r\n'];

async function deliverAll(): Promise<void> {
  for (const mail of MAILS) await lab.backend.deliver(lab.backend.alice, mail);
}

describe('a session', () => {
  test('lists, shows and deletes', async () => {
    await deliverAll();
    await run(`${SIGN_IN('A')}
      A< +OK 3 messages (71 octets)
      A> STAT
      A< +OK 3 71
      A> LIST
      A< +OK 3 messages
      A< 1 23
      A< 2 30
      A< 3 18
      A< .
      A> LIST 2
      A< +OK 2 30
      A> UIDL
      A< +OK 3 messages
      A< /^1 \\d+\\.1$/
      A< /^2 \\d+\\.2$/
      A< /^3 \\d+\\.3$/
      A< .
      A> retr 2
      A< +OK 30 octets
      A< Subject: two
      A< 
      A< ..dot
      A< ...
      A< last
      A< .
      A> TOP 2 1
      A< +OK The top of it
      A< Subject: two
      A< 
      A< ..dot
      A< .
      A> DELE 1
      A< +OK Message 1 will be deleted
      A> RETR 1
      A< -ERR There is no message 1
      A> DELE 1
      A< -ERR There is no message 1
      A> LIST
      A< +OK 2 messages
      A< 2 30
      A< 3 18
      A< .
      A> NOOP
      A< +OK Here
      A> RSET
      A< +OK 3 messages
      A> STAT
      A< +OK 3 71
      A> DELE 3
      A< +OK Message 3 will be deleted
      A> QUIT
      A< +OK Good-bye
      A<|
    `);
    using account = await lab.backend.accountOf(lab.backend.alice);
    expect(account.folderAt('INBOX')).toMatchObject({ total: 2, unread: 1 });
  });

  test('deletes nothing without QUIT, and locks others out meanwhile (E14)', async () => {
    await deliverAll();
    await run(`${SIGN_IN('A')}
      A< /^\\+OK .*$/
      A> DELE 1
      A< +OK Message 1 will be deleted
      ${SIGN_IN('B')}
      B< -ERR [IN-USE] Another POP3 session has this mailbox
      B> STAT
      B< -ERR Sign in first
      ${SIGN_IN('C', 'bob')}
      C< +OK 0 messages (0 octets)
    `);
    const { open } = await untilUnlocked();
    expect(open).toBe('3 71');
  });

  /** Signs in anew as soon as the server has noticed that the other session is gone. */
  async function untilUnlocked(): Promise<{ open: string }> {
    for (;;) {
      await using client = await Pop3Client.connect(lab.at.plain);
      const answer = await client.login('alice@example.test', 'secret password').catch((error: Error) => error);
      if (answer instanceof Error) {
        expect(answer.message).toContain('[IN-USE]');
        continue;
      }
      return { open: await client.command('STAT') };
    }
  }

  test('sees INBOX as it was at sign-in', async () => {
    await deliverAll();
    await using client = await Pop3Client.connect(lab.at.plain);
    await client.login('alice@example.test', 'secret password');
    const ids = await client.multiline('UIDL');
    using account = await lab.backend.accountOf(lab.backend.alice);
    const inbox = account.folderAt('INBOX')?.id;
    const archive = account.folderAt('Archive')?.id;
    if (inbox === undefined || archive === undefined) throw new Error('no folders');
    const [first, second] = account.getMessageIds({ folder: inbox });
    if (first === undefined || second === undefined) throw new Error('no messages');
    // Meanwhile one is deleted, one is moved away, one arrives.
    await account.deleteMessage([first]);
    await account.move([second], archive);
    await lab.backend.deliver(lab.backend.alice, 'Subject: new\r\n\r\n');
    expect(await client.multiline('UIDL')).toEqual(ids);
    await expect(client.command('RETR 1')).rejects.toThrow('There is no such message any more');
    await client.command('DELE 1');
    await client.command('DELE 2');
    await client.quit();
    // What lies in another folder now was not ours to delete.
    expect(account.meta(second)?.folder).toBe(archive);
    expect(account.folderAt('INBOX')?.total).toBe(2);
    await using again = await Pop3Client.connect(lab.at.plain);
    await again.login('alice@example.test', 'secret password');
    const [left] = await again.multiline('UIDL');
    expect(left?.split(' ')[1]).toBe(ids[2]?.split(' ')[1]);
  });

  test('answers pipelined commands in order, in one packet', async () => {
    await deliverAll();
    await using client = await WireClient.connect(lab.at.plain);
    await client.write(
      'CAPA\r\nUSER alice@example.test\r\nPASS secret password\r\nSTAT\r\nRETR 1\r\nDELE 1\r\nSTAT\r\nXYZ\r\nQUIT\r\nSTAT\r\n',
    );
    const answer = (await client.rest()).toString();
    expect(answer.slice(answer.indexOf('\r\n.\r\n') + 5)).toBe(
      '+OK Now the password\r\n+OK 3 messages (71 octets)\r\n+OK 3 71\r\n+OK 23 octets\r\nSubject: one\r\n\r\nfirst\r\n.\r\n' +
        '+OK Message 1 will be deleted\r\n+OK 2 48\r\n-ERR There is no such command\r\n+OK Good-bye\r\n',
    );
  });

  test('streams a message larger than what may wait for a slow reader', async () => {
    const line = `.${'x'.repeat(75)}\r\n`;
    const raw = `Subject: big\r\n\r\n${line.repeat(60_000)}`;
    await lab.backend.deliver(lab.backend.alice, raw);
    await using client = await Pop3Client.connect(lab.at.plain);
    await client.login('alice@example.test', 'secret password');
    client.wire.socket.pause();
    const retrieving = client.retrieve(1);
    setTimeout(() => client.wire.socket.resume(), 100);
    expect((await retrieving).toString()).toBe(raw);
  });
});

describe('signing in', () => {
  test('fails with the same words whether the address exists or not', async () => {
    await run(`
      A< +OK Pabal POP3 at your service
      A> PASS x
      A< -ERR USER comes first
      A> USER alice@example.test
      A< +OK Now the password
      A> PASS wrong
      A< -ERR [AUTH] The address or the password is wrong
      A> PASS secret password
      A< -ERR USER comes first
      A> USER nobody@example.test
      A< +OK Now the password
      A> PASS wrong
      A< -ERR [AUTH] The address or the password is wrong
      A> USER nobody@elsewhere.test
      A< +OK Now the password
      A> PASS wrong
      A< -ERR [AUTH] The address or the password is wrong
    `);
  });

  test('works by SASL PLAIN, with and without an initial response', async () => {
    const plain = Buffer.from('\0alice@example.test\0secret password').toString('base64');
    await run(`
      A< +OK Pabal POP3 at your service
      A> AUTH PLAIN
      A< /^\\+ $/
      A> *
      A< -ERR Cancelled
      A> AUTH PLAIN !!!!
      A< -ERR That is not what the mechanism says
      A> AUTH CRAM-MD5
      A< -ERR That mechanism is not offered
      A> AUTH PLAIN
      A< /^\\+ $/
      A> ${plain}
      A< +OK 0 messages (0 octets)
      A> AUTH PLAIN ${plain}
      A< -ERR You are signed in already
      A> QUIT
      A< +OK Good-bye
      T< +OK Pabal POP3 at your service
      T> auth plain ${plain}
      T< +OK 0 messages (0 octets)
    `);
  });

  test('needs TLS where the policy says so, and forgets what was said before it (D6, D7)', async () => {
    await using client = await WireClient.connect(lab.at.strict);
    const say = async (...lines: readonly string[]) => {
      await client.write(lines.map((line) => `${line}\r\n`).join(''));
      return await client.line();
    };
    const capabilities = async () => {
      expect(await say('CAPA')).toBe('+OK What there is');
      const list: string[] = [];
      for (let line = await client.line(); line !== '.'; line = await client.line()) list.push(line);
      return list;
    };
    const always = ['PIPELINING', 'RESP-CODES', 'AUTH-RESP-CODE', 'IMPLEMENTATION Pabal', 'EXPIRE 0 USER'];
    expect(await client.line()).toBe('+OK Pabal POP3 at your service');
    expect(await capabilities()).toEqual(['LANG', 'STLS', 'TOP', 'UIDL', 'UTF8', ...always]);
    expect(await say('USER alice@example.test')).toBe('-ERR [AUTH] Sign in over TLS: say STLS first');
    expect(await say('AUTH PLAIN AGEAYg==')).toBe('-ERR [AUTH] Sign in over TLS: say STLS first');
    // What somebody on the way puts behind STLS is not taken for the user's own words.
    expect(await say('STLS', 'USER mallory@example.test')).toBe('+OK Begin TLS');
    await client.startTls();
    expect(await capabilities()).toEqual([
      'SASL SCRAM-SHA-256-PLUS SCRAM-SHA-256 OAUTHBEARER XOAUTH2 PLAIN',
      'LANG',
      'TOP',
      'UIDL',
      'USER',
      'UTF8',
      ...always,
    ]);
    expect(await say('PASS secret password')).toBe('-ERR USER comes first');
    expect(await say('STLS')).toBe('-ERR TLS is not to be had here, or on already');
    expect(await say('USER alice@example.test')).toBe('+OK Now the password');
    expect(await say('PASS secret password')).toBe('+OK 0 messages (0 octets)');
  });

  test('ends the session after five failures', async () => {
    const failure = `
      A> USER alice@example.test
      A< +OK Now the password
      A> PASS wrong
      A< /^-ERR .*$/`;
    await run(`A< +OK Pabal POP3 at your service${failure.repeat(5)}\nA<|`);
  });
});

describe('bad input', () => {
  test('is refused command by command, twenty times', async () => {
    const bad = [
      '',
      'XYZ',
      'STAT',
      'RETR',
      'USER',
      'USER ',
      'TOP 1',
      'CAPA x',
      'QUIT now',
      'AUTH',
      'AUTH a b c',
      '\x01',
      'ÿ',
    ];
    await run(`A< +OK Pabal POP3 at your service
      ${bad.map((line) => `A> ${line}\nA< /^-ERR .*$/`).join('\n')}
      ${'A> NOOP\nA< -ERR Sign in first\n'.repeat(19 - bad.length)}
      A> NOOP
      A< -ERR Too many errors, good-bye
      A<|`);
  });

  test('waits longer and longer for the answers to its errors (C7)', async () => {
    const clock = new ManualClock();
    const errorDelay = new ErrorDelay({ mostMs: 5000, limitLoopback: true }, clock);
    const protocol = pop3({ ...lab.backend, tls: undefined, allowPlaintextLogin: 'always', errorDelay });
    const { addresses } = await lab.network.listen({ protocol, addresses: [{ host: '127.0.0.1', port: 0 }] });
    await using client = await WireClient.connect(addresses[0] ?? '');
    await client.line();
    await client.write('X\r\n'.repeat(3) + 'USER nobody@example.test\r\nPASS x\r\nCAPA\r\n');
    for (let i = 0; i < 3; i++) expect(await client.line()).toBe('-ERR There is no such command');
    expect(await client.line()).toMatch(/^\+OK /);
    await expect.poll(() => clock.waiting).toBe(1);
    await clock.advance(249);
    expect(clock.waiting).toBe(1);
    await clock.advance(1);
    expect(await client.line()).toMatch(/^-ERR \[AUTH\]/);
    expect(await client.line()).toMatch(/^\+OK /);
  });

  test('has no place when the account has too many connections', async () => {
    const connections = new AccountConnections({ perAccount: 1, perAccountAndAddress: 1, limitLoopback: true });
    const protocol = pop3({ ...lab.backend, tls: undefined, allowPlaintextLogin: 'always', connections });
    const { addresses } = await lab.network.listen({ protocol, addresses: [{ host: '127.0.0.1', port: 0 }] });
    const place = connections.enter(lab.backend.alice.account, '127.0.0.1');
    const script = (text: string) => runTranscript(text, () => WireClient.connect(addresses[0] ?? ''));
    await script(`${SIGN_IN('A')}
      A< -ERR [SYS/TEMP] The account has too many connections: close some
      A> QUIT
      A< +OK Good-bye`);
    place?.[Symbol.dispose]();
    await script(`${SIGN_IN('A')}
      A< +OK 0 messages (0 octets)
      A> QUIT
      A< +OK Good-bye`);
    await expect.poll(() => connections.accounts).toBe(0);
    expect(await lab.backend.metrics.exposition()).toContain(
      'pabal_commands_total{protocol="pop3",command="PASS",result="failed"} 1\n',
    );
  });

  test('has limits: a line that never ends is cut off (C9)', async () => {
    await using client = await WireClient.connect(lab.at.plain);
    expect(await client.line()).toMatch(/^\+OK/);
    await client.write('x'.repeat(100_000)).catch(() => undefined);
    expect(await client.line()).toBe('-ERR The line is too long');
  });

  test('bytes that are not UTF-8 are no command', async () => {
    await using client = await WireClient.connect(lab.at.plain);
    await client.line();
    await client.write(Buffer.from([0x55, 0x53, 0x45, 0x52, 0x20, 0xff, 0x0d, 0x0a]));
    expect(await client.line()).toBe('-ERR There is no such command');
  });

  test.each(['GET / HTTP/1.1', 'EHLO example.test', '\x16\x03\x01'])(
    '%j is no POP3: nothing more is read (D19)',
    async (line) => {
      await using client = await WireClient.connect(lab.at.plain);
      await client.line();
      await client.write(Buffer.from(`${line}\r\nCAPA\r\n`, 'latin1'));
      expect((await client.rest()).toString()).toBe('-ERR There is no such command\r\n');
    },
  );

  test('message numbers that nobody has', async () => {
    await deliverAll();
    const cases = ['0', '4', '-1', '1.5', '1e0', '99999999999', '4294967297', 'x', '1 2'];
    await run(`${SIGN_IN('A')}
      A< /^\\+OK .*$/
      ${cases.flatMap((n) => ['RETR', 'DELE'].map((c) => `A> ${c} ${n}\nA< /^-ERR .*$/`)).join('\n')}
      A> STAT
      A< +OK 3 71`);
  });
});

test('no command is there that the registry does not know', () => {
  expect([...COMMANDS.keys()].sort()).toEqual([
    'AUTH',
    'CAPA',
    'DELE',
    'LANG',
    'LIST',
    'NOOP',
    'PASS',
    'QUIT',
    'RETR',
    'RSET',
    'STAT',
    'STLS',
    'TOP',
    'UIDL',
    'USER',
    'UTF8',
  ]);
});
