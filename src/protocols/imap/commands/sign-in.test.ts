import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ImapService } from '../../../../test/imap/service.ts';

let service: ImapService;
beforeAll(async () => {
  service = await ImapService.start({ plaintextLogin: true });
});
afterAll(() => service[Symbol.asyncDispose]());
const script = (text: string) => service.transcript(text);

describe('before sign-in', () => {
  test('the greeting and CAPABILITY tell what applies now', () =>
    script(`
      new< * OK [CAPABILITY IMAP4rev2 IMAP4rev1 LITERAL- STARTTLS AUTH=SCRAM-SHA-256 AUTH=OAUTHBEARER AUTH=XOAUTH2 AUTH=PLAIN AUTH=LOGIN SASL-IR ID] Pabal ready
      new> a CAPABILITY
      new< * CAPABILITY IMAP4rev2 IMAP4rev1 LITERAL- STARTTLS AUTH=SCRAM-SHA-256 AUTH=OAUTHBEARER AUTH=XOAUTH2 AUTH=PLAIN AUTH=LOGIN SASL-IR ID
      new< a OK CAPABILITY completed
    `));

  test.each(['SELECT INBOX', 'LIST "" *', 'IDLE', 'FETCH 1 FLAGS', 'UID FETCH 1 FLAGS', 'ENABLE CONDSTORE', 'CLOSE'])(
    '%s is not possible',
    (command) =>
      script(String.raw`
        new< ...
        new> a ${command}
        new< /^a BAD .* is not possible in this state$/
      `),
  );

  test('NOOP, ID and LOGOUT are possible', () =>
    script(`
      new< ...
      new> a NOOP
      new< a OK NOOP completed
      new> b ID ("name" "tester" "os" NIL)
      new< * ID ("name" "Pabal" "version" "0.0.0")
      new< b OK ID completed
      new> c ID NIL
      new< ...
      new< c OK ID completed
      new> d LOGOUT
      new< * BYE Goodbye
      new< d OK LOGOUT completed
      new<|
    `));
});

describe('LOGIN', () => {
  test('with the right password the capabilities are those of after it', () =>
    script(String.raw`
      new< ...
      new> a LOGIN alice@example.test pass
      new< a OK [CAPABILITY IMAP4rev2 IMAP4rev1 LITERAL+ ID ENABLE QRESYNC UTF8=ACCEPT UIDONLY COMPRESS=DEFLATE CREATE-SPECIAL-USE OBJECTID CHILDREN SPECIAL-USE LIST-EXTENDED LIST-STATUS NAMESPACE STATUS=SIZE STATUS=DELETED QUOTA QUOTA=RES-STORAGE METADATA ACL RIGHTS=kxte APPENDLIMIT=1000000 MULTIAPPEND IDLE NOTIFY UNSELECT UIDPLUS INPROGRESS ESEARCH SEARCHRES PARTIAL WITHIN SORT SORT=DISPLAY ESORT THREAD=REFERENCES THREAD=ORDEREDSUBJECT BINARY SAVEDATE PREVIEW CONDSTORE MOVE REPLACE] Signed in
      new> b LOGIN alice@example.test pass
      new< b BAD LOGIN is not possible in this state
    `));

  test('with a wrong password nothing is said about which part was wrong', () =>
    script(`
      new< ...
      new> a LOGIN alice@example.test wrong
      new< a NO [AUTHENTICATIONFAILED] Address or password is wrong
      new> b LOGIN nobody@example.test pass
      new< b NO [AUTHENTICATIONFAILED] Address or password is wrong
      new> c SELECT INBOX
      new< c BAD SELECT is not possible in this state
    `));

  test('by literals, synchronizing and not', () =>
    script(String.raw`
      new< ...
      new> a LOGIN {18}
      new< + Ready
      new> alice@example.test {4+}
      new> pass
      new< /^a OK /
    `));

  test('a literal with a NUL is no string', () =>
    script(String.raw`
      new< ...
      new> a LOGIN {3+}
      new>| a\x00b {4+}\r\npass\r\n
      new< a BAD NUL in a literal
    `));

  test.each(['LOGIN', 'LOGIN x', 'LOGIN  x y', 'LOGIN "x y', 'LOGIN x y z', 'LOGIN x (y)'])(
    '%s is malformed',
    (command) =>
      script(`
      new< ...
      new> a ${command}
      new< /^a BAD /
    `),
  );

  test('without TLS it is refused, and announced as such, where the policy says so', async () => {
    await using strict = await ImapService.start({ plaintextLogin: false });
    await strict.transcript(`
      new< * OK [CAPABILITY IMAP4rev2 IMAP4rev1 LITERAL- STARTTLS LOGINDISABLED SASL-IR ID] Pabal ready
      new> a LOGIN alice@example.test pass
      new< a NO [PRIVACYREQUIRED] Use STARTTLS first
      new> b AUTHENTICATE PLAIN AGFsaWNlQGV4YW1wbGUudGVzdABwYXNz
      new< b NO [PRIVACYREQUIRED] Use STARTTLS first
    `);
  });
});

describe('AUTHENTICATE', () => {
  test('PLAIN with an initial response', () =>
    script(`
      new< ...
      new> a AUTHENTICATE PLAIN AGFsaWNlQGV4YW1wbGUudGVzdABwYXNz
      new< /^a OK .CAPABILITY IMAP4rev2 IMAP4rev1 LITERAL\\+ .*. Signed in$/
    `));

  test('PLAIN in two steps', () =>
    script(String.raw`
      new< ...
      new> a AUTHENTICATE PLAIN
      new< /^\+ $/
      new> AGFsaWNlQGV4YW1wbGUudGVzdABwYXNz
      new< /^a OK /
    `));

  test('cancelled, malformed, of no known mechanism', () =>
    script(String.raw`
      new< ...
      new> a AUTHENTICATE PLAIN
      new< /^\+ $/
      new> *
      new< a BAD authentication cancelled
      new> b AUTHENTICATE PLAIN ???
      new< b BAD malformed authentication
      new> c AUTHENTICATE GSSAPI
      new< c NO [CANNOT] That mechanism is not offered
      new> d AUTHENTICATE PLAIN AGFsaWNlQGV4YW1wbGUudGVzdAB3cm9uZw==
      new< d NO [AUTHENTICATIONFAILED] Address or password is wrong
    `));
});

describe('STARTTLS', () => {
  test('starts anew: what was sent after it in plaintext is not run', async () => {
    const wire = await service.connect();
    await wire.line();
    // One packet: the second command is an attacker's, written before the handshake.
    await wire.write('a STARTTLS\r\nb LOGIN alice@example.test pass\r\n');
    const reply = await wire.line();
    await wire.startTls();
    await wire.write('c CAPABILITY\r\n');
    const capability = await wire.line();
    const done = await wire.line();
    wire.destroy();
    expect([reply, capability, done]).toEqual([
      'a OK Begin TLS negotiation now',
      '* CAPABILITY IMAP4rev2 IMAP4rev1 LITERAL- AUTH=SCRAM-SHA-256-PLUS AUTH=SCRAM-SHA-256 AUTH=OAUTHBEARER AUTH=XOAUTH2 AUTH=PLAIN AUTH=LOGIN SASL-IR ID',
      'c OK CAPABILITY completed',
    ]);
  });
});
