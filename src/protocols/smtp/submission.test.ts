import { describe, expect, test } from 'vitest';
import { b64, HELLO, submission, transcript } from '../../../test/smtp/dialogue.ts';
import { PASSWORD, type SmtpHarnessOptions, startSmtp } from '../../../test/smtp/harness.ts';

describe('submission (RFC 6409)', () => {
  test('signing in, and what a user may send (D13)', async () => {
    const { accepted, promoted } = await transcript(
      { ...submission, parts: { allowPlaintextLogin: 'loopback' } },
      `${HELLO}
       C> MAIL FROM:<alice@example.test>
       C< 530 5.7.0 Sign in first
       C> AUTH LOGIN
       C< 334 VXNlcm5hbWU6
       C> ${b64('alice@example.test')}
       C< 334 UGFzc3dvcmQ6
       C> ${b64(PASSWORD)}
       C< 235 2.7.0 Welcome
       C> AUTH PLAIN =
       C< 503 5.5.1 You are signed in already
       C> MAIL FROM:<bob@example.test>
       C< 553 5.7.1 This sender address is not yours
       C> MAIL FROM:<alice+news@example.test> AUTH=<> SIZE=10
       C< 250 2.1.0 Sender taken
       C> RCPT TO:<someone@elsewhere.test>
       C< 550 5.3.2 This server delivers to its own domains only
       C> RCPT TO:<suspended@example.test>
       C< 550 5.2.1 This mailbox is suspended
       C> RCPT TO:<bob@example.test>
       C< 250 2.1.5 Recipient taken
       C> DATA
       C< /^354/
       C>| From: Bob <bob@example.test>\\r\\n\\r\\nhi\\r\\n.\\r\\n
       C< 550 5.7.1 You may not send as this author
       C> MAIL FROM:<alice@example.test>
       C< /^250/
       C> RCPT TO:<bob@example.test>
       C< /^250/
       C> DATA
       C< /^354/
       C>| From: a <alice@example.test>\\r\\nBcc: <x@y>,\\r\\n <z@y>\\r\\nTo: bob@example.test\\r\\n\\r\\nhi\\r\\n.\\r\\n
       C< 250 2.0.0 Accepted as q1`,
    );
    expect(promoted).toEqual(['a1']);
    expect(accepted[0]?.raw.toString()).toMatch(
      /^Date: Thu, 01 Jan 2026 .* \+0000\r\nMessage-ID: <[\w-]{20}@mx\.example\.test>\r\nFrom: a <alice@example\.test>\r\nTo: bob@example\.test\r\n\r\nhi\r\n$/,
    );
    expect(accepted[0]?.origin.protocol).toBe('ESMTPA');
  });

  /** After signing in, what the last of these commands is answered. */
  async function said(lines: readonly string[], options: SmtpHarnessOptions = {}) {
    const parts = { allowPlaintextLogin: 'always' } as const;
    const smtp = await startSmtp({ ...submission, parts, remote: true, ...options });
    const wire = await smtp.connect();
    await wire.write(`EHLO a\r\nAUTH PLAIN ${b64(`\0alice@example.test\0${PASSWORD}`)}\r\n`);
    await wire.skipToLine('235');
    let answer = '';
    for (const line of lines) {
      await wire.write(`${line}\r\n`);
      answer = await wire.line();
    }
    return { smtp, answer };
  }

  test('reports and later sending may be asked for, and go along (RFC 3461, RFC 4865)', async () => {
    const { smtp, answer } = await said([
      'MAIL FROM:<alice@example.test> RET=hdrs ENVID=QQ+2B1 HOLDFOR=3600',
      'RCPT TO:<x@elsewhere.test> NOTIFY=success,DELAY ORCPT=rfc822;x+2By@elsewhere.test',
      'RCPT TO:<y@elsewhere.test> NOTIFY=NEVER',
      'DATA',
      'From: alice@example.test\r\n\r\nhi\r\n.',
    ]);
    await using _ = smtp;
    expect(answer).toBe('250 2.0.0 Accepted as q1');
    const { submission: taken } = smtp.accepted[0] ?? {};
    expect(taken).toMatchObject({ dsn: { envid: 'QQ+2B1', ret: 'HDRS' }, sendAt: smtp.clock.now() + 3_600_000 });
    expect(taken?.deliveries).toMatchObject([
      {
        destination: 'elsewhere.test',
        recipients: [
          { address: 'x@elsewhere.test', dsn: { notify: ['SUCCESS', 'DELAY'], orcpt: 'rfc822;x+2By@elsewhere.test' } },
          { address: 'y@elsewhere.test', dsn: { notify: ['NEVER'] } },
        ],
      },
    ]);
  });

  test.each([
    ['MAIL FROM:<alice@example.test> RET=ALL'],
    ['MAIL FROM:<alice@example.test> ENVID=a+00b'],
    ['MAIL FROM:<alice@example.test> ENVID=a+0D+0Ab'],
    [`MAIL FROM:<alice@example.test> ENVID=${'x'.repeat(101)}`],
    ['MAIL FROM:<alice@example.test> HOLDFOR=x'],
    ['MAIL FROM:<alice@example.test> HOLDFOR=999999999'],
    ['MAIL FROM:<alice@example.test> HOLDFOR=1 HOLDUNTIL=2026-02-01T00:00:00Z'],
    ['MAIL FROM:<alice@example.test> HOLDUNTIL=never'],
    ['RCPT TO:<x@elsewhere.test> NOTIFY=NEVER,FAILURE'],
    ['RCPT TO:<x@elsewhere.test> NOTIFY=,'],
    ['RCPT TO:<x@elsewhere.test> NOTIFY=FAILURE,'],
    ['RCPT TO:<x@elsewhere.test> ORCPT=rfc822;a+0Ab'],
    ['RCPT TO:<x@elsewhere.test> ORCPT=nothing'],
  ])('%s is malformed (D15)', async (line) => {
    const before = line.startsWith('RCPT') ? ['MAIL FROM:<alice@example.test>'] : [];
    const { smtp, answer } = await said([...before, line]);
    await using _ = smtp;
    expect(answer).toMatch(/^501 5\.5\.4/);
  });

  test.each([
    ['From: alice@example.test\r\nFrom: bob@example.test', '550 5.7.1'],
    ['From: alice@example.test, bob@example.test', '550 5.7.1'],
    ['From: alice@example.test\r\nSender: bob@example.test', '550 5.7.1'],
    ['From: =?utf-8?q?alice=40example.test?=@elsewhere.test', '550 5.7.1'],
    ['From: "alice@example.test" <x@elsewhere.test>', '550 5.7.1'],
    ['Subject: nothing else', '250 2.0.0'],
    ['From: "Alice" <ALICE+x@example.test>', '250 2.0.0'],
  ])('authors: %j is answered %s (D13)', async (header, answer) => {
    await using smtp = await startSmtp({ ...submission, parts: { allowPlaintextLogin: 'always' } });
    const wire = await smtp.connect();
    await wire.write(`EHLO a\r\nAUTH PLAIN ${b64(`\0alice@example.test\0${PASSWORD}`)}\r\n`);
    await wire.skipToLine('235');
    await wire.write('MAIL FROM:<alice@example.test>\r\nRCPT TO:<bob@example.test>\r\nDATA\r\n');
    await wire.skipToLine('354');
    await wire.write(`${header}\r\n\r\nhi\r\n.\r\n`);
    expect(await wire.line()).toContain(answer);
  });
});
