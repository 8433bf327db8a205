import { describe, expect, test } from 'vitest';
import type { SmtpHarness, SmtpHarnessOptions } from '../../../test/smtp/harness.ts';
import { PASSWORD, startSmtp } from '../../../test/smtp/harness.ts';
import { runTranscript } from '../../../test/transcript/run.ts';
import { ManualClock } from '../../adapters/clock-manual.ts';
import { MailError } from '../../mail/error.ts';
import { ErrorDelay } from '../../net/error-delay.ts';

async function transcript(options: SmtpHarnessOptions, script: string): Promise<SmtpHarness> {
  const smtp = await startSmtp(options);
  try {
    await runTranscript(script, () => smtp.connect());
  } finally {
    await smtp[Symbol.asyncDispose]();
  }
  return smtp;
}

const b64 = (text: string): string => Buffer.from(text).toString('base64');
const HELLO = 'C< ...\nC> EHLO client.test\nC< ...\nC< /^250 /';
const MAIL = 'C> MAIL FROM:<x@remote.test>\nC< 250 2.1.0 Sender taken';
const RCPT = 'C> RCPT TO:<alice@example.test>\nC< 250 2.1.5 Recipient taken';

describe('mail from other servers', () => {
  test('a mail, from greeting to goodbye', async () => {
    const { accepted } = await transcript(
      {},
      `C< 220 mx.example.test ESMTP Pabal
       C> EHLO client.test
       C< 250-mx.example.test
       C< 250-PIPELINING
       C< 250-ENHANCEDSTATUSCODES
       C< 250-STARTTLS
       C< 250-SIZE 50000000
       C< 250-8BITMIME
       C< 250-SMTPUTF8
       C< 250-LIMITS RCPTMAX=1000
       C< 250-CHUNKING
       C< 250 BINARYMIME
       C> MAIL FROM:<x@Remote.Test> SIZE=100 BODY=8BITMIME
       C< 250 2.1.0 Sender taken
       C> RCPT TO:<Alice+tag@example.test>
       C< 250 2.1.5 Recipient taken
       C> DATA
       C< 354 Go ahead, end with <CRLF>.<CRLF>
       C>| Subject: hi\\r\\n\\r\\n..dot\\r\\n.\\r\\n
       C< 250 2.0.0 Accepted as q1
       C> QUIT
       C< 221 2.0.0 Goodbye
       C<|`,
    );
    expect(accepted).toHaveLength(1);
    expect(accepted[0]).toMatchObject({
      sender: 'x@remote.test',
      recipients: [{ account: 'a1', address: 'Alice+tag@example.test' }],
      origin: { protocol: 'ESMTP', hello: 'client.test', remote: '127.0.0.1', cipher: '' },
    });
    expect(accepted[0]?.raw.toString()).toBe('Subject: hi\r\n\r\n.dot\r\n');
  });

  test('who may be written to (B1, B11, C7, D12)', async () => {
    const { accepted } = await transcript(
      {},
      `${HELLO}
       C> MAIL FROM:<>
       C< 250 2.1.0 Sender taken
       C> RCPT TO:<nobody@example.test>
       C< 550 5.1.1 Nobody here by that name
       C> RCPT TO:<suspended@example.test>
       C< 550 5.1.1 Nobody here by that name
       C> RCPT TO:<full@example.test>
       C< 452 4.2.2 The mailbox is full
       C> RCPT TO:<someone@elsewhere.test>
       C< 550 5.7.1 Relaying denied
       C> RCPT TO:<bob@example.test>
       C< 250 2.1.5 Recipient taken
       C> RCPT TO:<robert@example.test>
       C< 250 2.1.5 Recipient taken
       C> DATA
       C< 354 Go ahead, end with <CRLF>.<CRLF>
       C> .
       C< 250 2.0.0 Accepted as q1`,
    );
    expect(accepted[0]?.recipients).toEqual([{ account: 'b1', address: 'bob@example.test' }]);
  });

  test('what the address is called is told as far as it is known when the mail has come', async () => {
    const reverse: { name: string | undefined; settled: Promise<never> } = {
      name: undefined,
      settled: new Promise(() => undefined),
    };
    const asked: string[] = [];
    await using smtp = await startSmtp({
      parts: { reverseNames: { begin: (address) => (asked.push(address), reverse) } },
    });
    const send = async () => {
      await using client = await smtp.connect();
      await runTranscript(
        `${HELLO}
         C> MAIL FROM:<x@remote.test>
         C< 250 2.1.0 Sender taken
         C> RCPT TO:<bob@example.test>
         C< 250 2.1.5 Recipient taken
         C> DATA
         C< 354 Go ahead, end with <CRLF>.<CRLF>
         C> .
         C< /^250 2.0.0 /`,
        () => Promise.resolve(client),
      );
    };
    await send();
    reverse.name = 'mx.remote.test';
    await send();
    expect(asked).toEqual(['127.0.0.1', '127.0.0.1']);
    expect(smtp.accepted.map(({ origin }) => origin.reverse)).toEqual(['unknown', 'mx.remote.test']);
  });

  test('the postmaster needs no domain (RFC 5321 §4.1.1.3)', async () => {
    const { accepted } = await transcript(
      {},
      `${HELLO}
       C> MAIL FROM:<x@remote.test>
       C< 250 2.1.0 Sender taken
       C> RCPT TO:<PostMaster>
       C< 250 2.1.5 Recipient taken
       C> DATA
       C< 354 Go ahead, end with <CRLF>.<CRLF>
       C> .
       C< 250 2.0.0 Accepted as q1`,
    );
    expect(accepted[0]?.recipients).toEqual([{ account: 'b1', address: 'robert@example.test' }]);
  });

  test.each([
    ['<"">', '501 5.1.3'],
    ['<""@example.test>', '501 5.1.3'],
    ['<>', '501 5.1.3'],
    ['alice@example.test', '501 5.1.3'],
    ['<alice>', '501 5.1.3'],
    ['<a@b@c>', '501 5.1.3'],
    ['<alice@example.test', '501 5.1.3'],
    ['<@a.test,@b.test:alice@example.test>', '250 2.1.5'],
    ['<@a.test:x@elsewhere.test>', '550 5.7.1'],
    ['<user%elsewhere.test@example.test>', '550 5.7.1'],
    ['<elsewhere.test!user@example.test>', '550 5.7.1'],
    ['<"user@elsewhere.test"@example.test>', '550 5.7.1'],
    ['<user%elsewhere.test@[127.0.0.1]>', '550 5.7.1'],
    ['<alice@[127.0.0.1]>', '550 5.7.1'],
    ['<alice@mx.example.test>', '550 5.7.1'],
    ['<"alice example"@example.test>', '550 5.1.1'],
    ['<"alice"@example.test>', '250 2.1.5'],
    [`<${'a'.repeat(200)}@example.test>`, '501 5.1.3'],
    ['<alice@example.test> NOTIFY=NEVER', '555 5.5.4'],
    ['<alice@example.test> ORCPT=rfc822;a+0D+0Ab', '555 5.5.4'],
    ['<alice@example.test>junk', '501 5.5.4'],
    ['<=?utf-8?q?alice=40example.test?=@elsewhere.test>', '550 5.7.1'],
    ['<temperror@mail.test>', '451 4.3.0'],
    ['<550@mail.test>', '550 5.1.1'],
  ])('RCPT TO:%s is answered %s (D11, D12)', async (path, answer) => {
    await transcript({}, `${HELLO}\n${MAIL}\nC> RCPT TO:${path}\nC< /^${answer} /`);
  });

  test.each([
    ['FROM:<a@b> SIZE=50000001', '552 5.3.4'],
    ['FROM:<a@b> SIZE=99999999999999999999', '552 5.3.4'],
    ['FROM:<a@b> SIZE=-1', '501 5.5.4'],
    ['FROM:<a@b> SIZE', '501 5.5.4'],
    ['FROM:<a@b> SIZE=1 SIZE=1', '501 5.5.4'],
    ['FROM:<a@b> BODY=9BIT', '501 5.5.4'],
    ['FROM:<a@b> ENVID=a+00', '555 5.5.4'],
    ['FROM:<a@b> AUTH=<>', '555 5.5.4'],
    ['FROM:<a@b> RET=FULL', '555 5.5.4'],
    ['FROM:<>', '250 2.1.0'],
    ['FROM: <a@b>', '250 2.1.0'],
    ['from:<a@b> smtputf8', '250 2.1.0'],
    ['FROM:a@b', '501 5.5.4'],
    ['FROM:<postmaster>', '501 5.5.4'],
    ['TO:<a@b>', '501 5.5.4'],
    ['FROM:<사람@예시.test>', '550 5.6.7'],
    ['FROM:<사람@예시.test> SMTPUTF8', '250 2.1.0'],
    [`FROM:<${'a'.repeat(300)}@b>`, '501 5.1.7'],
  ])('MAIL %s is answered %s', async (argument, answer) => {
    await transcript({}, `${HELLO}\nC> MAIL ${argument}\nC< /^${answer} /`);
  });

  test('international addresses need SMTPUTF8, and arrive', async () => {
    const { accepted } = await transcript(
      {},
      `${HELLO}
       ${MAIL}
       C> RCPT TO:<사서함@example.test>
       C< 553 5.6.7 This address needs the parameter SMTPUTF8 at MAIL
       C> RSET
       C< 250 2.0.0 Forgotten
       C> MAIL FROM:<보내는이@예시.test> SMTPUTF8
       C< 250 2.1.0 Sender taken
       C> RCPT TO:<사서함@example.test>
       C< 250 2.1.5 Recipient taken
       C> DATA
       C< /^354/
       C> .
       C< /^250/`,
    );
    expect(accepted[0]).toMatchObject({ origin: { protocol: 'UTF8SMTP' }, recipients: [{ account: 'k1' }] });
  });

  test('a command alone, out of place, unknown, or not for a mail server', async () => {
    await transcript(
      {},
      `C< /^220/
       C> MAIL FROM:<a@b>
       C< 503 5.5.1 Introduce yourself first
       C> EHLO
       C< 501 5.5.4 EHLO needs an argument
       C> EHLO a b
       C< 501 5.5.4 This is not a host name
       C> HELO client.test
       C< 250 mx.example.test
       C> MAIL FROM:<a@b> SIZE=1
       C< 555 5.5.4 The parameter SIZE is not known
       C> RCPT TO:<alice@example.test>
       C< 503 5.5.1 MAIL comes first
       C> DATA
       C< 503 5.5.1 MAIL comes first
       C> MAIL FROM:<a@b>
       C< 250 2.1.0 Sender taken
       C> MAIL FROM:<a@b>
       C< 503 5.5.1 A mail is in progress
       C> DATA
       C< 554 5.5.1 There are no recipients
       C> AUTH PLAIN
       C< 500 5.5.1 Unknown command
       C> VRFY alice
       C< 252 2.1.5 Send the mail, and you will see
       C> EXPN list
       C< 502 5.5.1 Not offered here
       C> ETRN x
       C< 502 5.5.1 Not offered here
       C> QUIT now
       C< 501 5.5.4 QUIT takes no argument
       C> NOOP anything
       C< 250 2.0.0 Still here
       C> HELP
       C< 214 2.0.0 HELO EHLO STARTTLS MAIL RCPT DATA BDAT RSET NOOP VRFY HELP QUIT
       C>| NO\\x00OP\\r\\n
       C< 500 5.5.2 Control characters in a command
       C>| NOOP \\xff\\r\\n
       C< 500 5.5.2 Control characters in a command
       C> GET / HTTP/1.1
       C< 554 5.5.1 This is a mail server, goodbye
       C<|`,
    );
  });

  test('names that would confuse trace lines are refused (D17)', async () => {
    await transcript(
      {},
      `C< /^220/
       C>| EHLO a\\x1b[31m\\r\\n
       C< /^500 5.5.2/
       C> EHLO %n$s
       C< /^501 5.5.4/
       C> EHLO (comment)
       C< /^501 5.5.4/
       C> HELO ${'a'.repeat(256)}
       C< /^501 5.5.4/
       C> EHLO [IPv6:::1]
       C< ...
       C< /^250 /`,
    );
  });

  test('the answers to errors wait longer and longer (C7), and so do those behind them', async () => {
    const clock = new ManualClock();
    const errorDelay = new ErrorDelay({ mostMs: 5000, limitLoopback: true }, clock);
    await using smtp = await startSmtp({ parts: { errorDelay }, limits: { errors: 5 } });
    const client = await smtp.connect();
    await client.line();
    await client.write('HELO c\r\nMAIL FROM:<>\r\n');
    expect(await client.line()).toMatch(/^250 /);
    expect(await client.line()).toMatch(/^250 /);
    await client.write('RCPT TO:<nobody@example.test>\r\n'.repeat(5) + 'RCPT TO:<bob@example.test>\r\nFOO\r\n');
    for (let i = 0; i < 3; i++) expect(await client.line()).toMatch(/^550 5.1.1 /);
    for (const [ms, answers] of [
      [250, ['550 5.1.1']],
      [500, ['550 5.1.1', '250 2.1.5']],
      [1000, ['421 4.7.0']],
    ] as const) {
      await expect.poll(() => clock.waiting).toBe(1);
      await clock.advance(ms - 1);
      expect(clock.waiting).toBe(1);
      await clock.advance(1);
      for (const answer of answers) expect((await client.line()).slice(0, 9)).toBe(answer);
    }
    expect(await smtp.metrics.exposition()).toContain(
      'pabal_commands_total{protocol="smtp",command="RCPT",result="failed"} 5\n',
    );
  });

  test('the rate of recipients (F20)', async () => {
    await transcript(
      { recipientsPerHour: 1 },
      `${HELLO}\n${MAIL}\n${RCPT}\nC> RCPT TO:<bob@example.test>\nC< 451 4.7.1 Too much mail in too short a time, please try later`,
    );
  });
});

describe('limits', () => {
  test('recipients of one mail (C6)', async () => {
    await transcript(
      { limits: { recipients: 2, errors: 3 } },
      `${HELLO}
       ${MAIL}
       ${RCPT}
       ${RCPT}
       C> RCPT TO:<alice@example.test>
       C< 452 4.5.3 Too many recipients, send to these first
       C> RCPT TO:<alice@example.test>
       C< 452 4.5.3 Too many recipients, send to these first
       C> RCPT TO:<alice@example.test>
       C< 452 4.5.3 Too many recipients, send to these first
       C> RCPT TO:<alice@example.test>
       C< 421 4.7.0 Too many errors, goodbye
       C<|`,
    );
  });

  test('twenty guesses at names (C7)', async () => {
    const guess = 'C> RCPT TO:<guess@example.test>\nC<';
    await transcript(
      {},
      `${HELLO}\n${MAIL}\n${`${guess} /^550 5.1.1/\n`.repeat(20)}${guess} 421 4.7.0 Too many errors, goodbye\nC<|`,
    );
  });

  test('a hundred commands that lead nowhere (C8); an accepted mail begins the count anew', async () => {
    const noops = 'C> NOOP\nC< /^250/\n';
    await transcript(
      {},
      `${HELLO}
       ${noops.repeat(99)}
       ${MAIL}
       ${RCPT}
       C> DATA
       C< /^354/
       C> .
       C< /^250 2.0.0 Accepted/
       ${noops.repeat(100)}
       C> RSET
       C< 421 4.7.0 Too many commands that lead nowhere, goodbye
       C<|`,
    );
  });

  test('size, cut off during DATA and BDAT (D14)', async () => {
    const { accepted } = await transcript(
      { limits: { messageSize: 20 } },
      `${HELLO}
       ${MAIL}
       ${RCPT}
       C> DATA
       C< /^354/
       C> 12345678901234567890
       C> .
       C< 552 5.3.4 The message is larger than this server takes
       ${MAIL}
       ${RCPT}
       C>| BDAT 21 LAST\\r\\n123456789012345678901
       C< 552 5.3.4 The message is larger than this server takes
       ${MAIL}
       ${RCPT}
       C> BDAT 70000000
       C< 552 5.3.4 The message is larger than this server takes
       C<|`,
    );
    expect(accepted).toEqual([]);
  });

  test('a line that is too long, or ends in LF alone', async () => {
    await transcript({}, `C< /^220/\nC> NOOP ${'x'.repeat(4096)}\nC< 500 5.5.2 Line too long, goodbye\nC<|`);
    await transcript({}, 'C< /^220/\nC>| NOOP\\n\nC< 500 5.5.2 Lines must end in CRLF, goodbye\nC<|');
  });

  test('time: a command in five minutes, a message at 500 bytes a second (C1, C2)', async () => {
    await using smtp = await startSmtp();
    const idle = await smtp.connect();
    await idle.line();
    await smtp.clock.advance(299_000);
    smtp.network.deadlines.check();
    await idle.write('NOOP\r\n');
    expect(await idle.line()).toMatch(/^250/);
    await smtp.clock.advance(300_000);
    smtp.network.deadlines.check();
    expect(await idle.line()).toBe('421 4.4.2 Too slow, goodbye');
    const slow = await smtp.connect();
    await slow.write('EHLO a\r\nMAIL FROM:<a@b>\r\nRCPT TO:<bob@example.test>\r\nDATA\r\n');
    await slow.skipToLine('354');
    for (let i = 0; i < 7; i++) {
      await slow.write('x'.repeat(100));
      await smtp.clock.advance(10_000);
      smtp.network.deadlines.check();
    }
    expect(await slow.line()).toBe('421 4.4.2 Too slow, goodbye');
    expect(smtp.accepted).toEqual([]);
  });

  test('connections from one address (C4)', async () => {
    await using smtp = await startSmtp({ admission: { perAddress: 1, limitLoopback: true } });
    await (await smtp.connect()).line();
    expect(await (await smtp.connect()).line()).toBe('421 4.7.0 Too many connections, please try later');
  });
});

describe('BDAT (RFC 3030)', () => {
  test('a message in chunks, pipelined, the last one empty', async () => {
    const { accepted } = await transcript(
      {},
      `${HELLO}
       ${MAIL}
       ${RCPT}
       C>| BDAT 5\\r\\na: b\\rBDAT 6\\r\\n\\n\\r\\n.\\r\\nBDAT 0 LAST\\r\\nMAIL FROM:<>\\r\\n
       C< 250 2.0.0 5 bytes taken
       C< 250 2.0.0 6 bytes taken
       C< 250 2.0.0 Accepted as q1
       C< 250 2.1.0 Sender taken`,
    );
    expect(accepted[0]?.raw.toString()).toBe('a: b\r\n\r\n.\r\n');
  });

  test('chunks nobody asked for are read over', async () => {
    await transcript(
      {},
      `${HELLO}
       C>| BDAT 6 LAST\\r\\nQUIT\\r\\nNOOP\\r\\n
       C< 503 5.5.1 MAIL comes first
       C< 250 2.0.0 Still here
       ${MAIL}
       C>| BDAT 6 LAST\\r\\nQUIT\\r\\nNOOP\\r\\n
       C< 554 5.5.1 There are no recipients
       C< 250 2.0.0 Still here`,
    );
  });

  test('out of place: DATA, MAIL, RCPT in the middle; twice LAST; RSET forgets (D10)', async () => {
    const { accepted } = await transcript(
      {},
      `${HELLO}
       ${MAIL}
       ${RCPT}
       C>| BDAT 2\\r\\nab
       C< 250 2.0.0 2 bytes taken
       C> DATA
       C< 503 5.5.1 The message is in progress: BDAT or RSET
       C> MAIL FROM:<>
       C< 503 5.5.1 The message is in progress: BDAT or RSET
       C> RCPT TO:<bob@example.test>
       C< 503 5.5.1 The message is in progress: BDAT or RSET
       C> RSET
       C< 250 2.0.0 Forgotten
       C> BDAT 0 LAST
       C< 503 5.5.1 MAIL comes first
       ${MAIL}
       ${RCPT}
       C>| BDAT 2 LAST\\r\\ncd
       C< 250 2.0.0 Accepted as q1
       C> BDAT 0 LAST
       C< 503 5.5.1 MAIL comes first`,
    );
    expect(accepted.map(({ raw }) => raw.toString())).toEqual(['cd']);
  });

  test.each(['-1', '', 'x', '5 FIRST', '18446744073709551616', '0x10', '+5', '1e3'])(
    'BDAT %s has no length, so the connection ends (C11)',
    async (size) => {
      await transcript({}, `${HELLO}\n${MAIL}\n${RCPT}\nC>| BDAT ${size}\\r\\nQUIT\\r\\n\nC< /^501 5.5.4/\nC<|`);
    },
  );

  test('BDAT 4294967295 is more than any message (C11)', async () => {
    await transcript({}, `${HELLO}\n${MAIL}\n${RCPT}\nC> BDAT 4294967295\nC< /^552 5.3.4/\nC<|`);
  });

  test('bare newlines are refused, except in a BINARYMIME message, which DATA cannot carry', async () => {
    const { accepted } = await transcript(
      {},
      `${HELLO}
       ${MAIL}
       ${RCPT}
       C>| BDAT 1\\r\\n\\r
       C< /^250/
       C>| BDAT 1 LAST\\r\\na
       C< 554 5.6.0 A CR or LF stands alone: lines must end in CRLF
       C> MAIL FROM:<a@b> BODY=BINARYMIME
       C< /^250/
       ${RCPT}
       C> DATA
       C< 503 5.5.1 A BINARYMIME message comes by BDAT
       C>| BDAT 3 LAST\\r\\na\\nb
       C< 250 2.0.0 Accepted as q1`,
    );
    expect(accepted[0]?.raw.toString()).toBe('a\nb');
  });

  test('a million chunks of one byte cost one message (C10)', async () => {
    await using smtp = await startSmtp();
    const wire = await smtp.connect();
    await wire.write('EHLO a\r\nMAIL FROM:<a@b>\r\nRCPT TO:<bob@example.test>\r\n');
    const chunk = 'BDAT 1\r\nx'.repeat(10_000);
    for (let i = 0; i < 5; i++) await wire.write(chunk);
    await wire.write('BDAT 0 LAST\r\n');
    await wire.skipToLine('250 2.0.0 Accepted');
    expect(smtp.accepted[0]?.raw.length).toBe(50_000);
  });
});

describe('TLS and sign-in', () => {
  const submission = { role: 'submission' } as const;

  test('without TLS nobody signs in or sends (D7)', async () => {
    const { directory } = await transcript(
      submission,
      `C< /^220/
       C> EHLO client.test
       C< 250-mx.example.test
       C< 250-PIPELINING
       C< 250-ENHANCEDSTATUSCODES
       C< 250-STARTTLS
       C< 250-SIZE 50000000
       C< ...
       C< /^250 /
       C> AUTH PLAIN ${b64(`\0alice@example.test\0${PASSWORD}`)}
       C< 530 5.7.0 STARTTLS comes first
       C> MAIL FROM:<alice@example.test>
       C< 530 5.7.0 STARTTLS comes first`,
    );
    expect(directory.signIns).toBe(0);
  });

  test('STARTTLS forgets everything said before it, also what was sent with it (D6)', async () => {
    await using smtp = await startSmtp(submission);
    const wire = await smtp.connect();
    await wire.write('EHLO client.test\r\n');
    await wire.skipToLine('250 ');
    await wire.write('STARTTLS\r\nEHLO evil\r\nMAIL FROM:<alice@example.test>\r\n');
    expect(await wire.line()).toBe('220 2.0.0 Go ahead');
    await wire.startTls();
    await wire.write('MAIL FROM:<alice@example.test>\r\n');
    expect(await wire.line()).toBe('503 5.5.1 Introduce yourself first');
    await wire.write('EHLO client.test\r\nSTARTTLS\r\n');
    const keywords: string[] = [];
    for (;;) {
      const line = await wire.line();
      if (!line.startsWith('250')) {
        expect(line).toBe('503 5.5.1 TLS is on already');
        break;
      }
      keywords.push(line.slice(4));
    }
    expect(keywords).toContain('AUTH PLAIN LOGIN');
    expect(keywords).not.toContain('STARTTLS');
  });

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

  test('other servers may not ask for reports: they make their own', async () => {
    await transcript(
      {},
      `C< /^220/
       C> HELO client.test
       C< 250 mx.example.test
       C> EHLO client.test
       C< 250-mx.example.test
       C< 250-PIPELINING
       C< 250-ENHANCEDSTATUSCODES
       C< 250-STARTTLS
       C< 250-SIZE 50000000
       C< 250-8BITMIME
       C< 250-SMTPUTF8
       C< /^250-LIMITS/
       C< 250-CHUNKING
       C< 250 BINARYMIME
       C> MAIL FROM:<a@b.test> RET=FULL
       C< 555 5.5.4 The parameter RET is not known`,
    );
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

  test.each([
    [`PLAIN ${b64('\0alice@example.test\0wrong')}`, '535 5.7.8 Wrong address or password'],
    [`PLAIN ${b64('\0nobody@example.test\0wrong')}`, '535 5.7.8 Wrong address or password'],
    [`PLAIN ${b64('\0suspended@example.test\0wrong')}`, '535 5.7.8 Wrong address or password'],
    [`PLAIN ${b64('\0throttled@example.test\0wrong')}`, '454 4.7.0 Too many failed attempts, please try later'],
    ['PLAIN *', '501 5.7.0 Given up, as you asked'],
    ['PLAIN ====', '501 5.5.2 This cannot be decoded'],
    ['PLAIN a b', '501 5.5.2 This cannot be decoded'],
    ['CRAM-MD5', '504 5.5.4 This mechanism is not offered'],
    ['__proto__', '504 5.5.4 This mechanism is not offered'],
  ])('AUTH %s is answered %s (F10)', async (argument, answer) => {
    await transcript(
      { ...submission, parts: { allowPlaintextLogin: 'always' } },
      `${HELLO}\nC> AUTH ${argument}\nC< ${answer}`,
    );
  });

  test('an aborted exchange, an endless one, ten of them (F10)', async () => {
    await transcript(
      { ...submission, parts: { allowPlaintextLogin: 'always' } },
      `${HELLO}
       ${'C> AUTH LOGIN\nC< 334 VXNlcm5hbWU6\nC> *\nC< 501 5.7.0 Given up, as you asked\n'.repeat(10)}
       C> AUTH PLAIN
       C< /^334 /
       C> ${'A'.repeat(12_289)}
       C< 500 5.5.2 Line too long, goodbye
       C<|`,
    );
  });

  test('an initial response may be as long as RFC 4954 asks for, and no longer', async () => {
    await transcript(
      { ...submission, parts: { allowPlaintextLogin: 'always' } },
      `${HELLO}
       C> AUTH PLAIN ${'A'.repeat(12_276)}
       C< 501 5.5.2 This cannot be decoded
       C> AUTH PLAIN ${'A'.repeat(12_280)}
       C< 500 5.5.2 Line too long, goodbye
       C<|`,
    );
  });

  test('TLS from the first byte; the trace says so', async () => {
    await using smtp = await startSmtp({ ...submission, implicitTls: true });
    const wire = await smtp.connect({ tls: true });
    await wire.write(`EHLO a\r\nAUTH PLAIN ${b64(`\0alice@example.test\0${PASSWORD}`)}\r\n`);
    await wire.skipToLine('235');
    await wire.write('MAIL FROM:<>\r\nRCPT TO:<bob@example.test>\r\nBDAT 0 LAST\r\n');
    await wire.skipToLine('250 2.0.0 Accepted');
    expect(smtp.accepted[0]?.origin).toMatchObject({ protocol: 'ESMTPSA', cipher: expect.stringContaining('TLSv1.3') });
  });
});

describe('trouble', () => {
  test.each([
    [new MailError('store-full', 'temporary', 'disk'), '452 4.3.1'],
    [new MailError('store-failed', 'temporary', 'disk'), '451 4.3.0'],
    [new MailError('mail-loop', 'user', 'loop'), '554 5.4.6'],
    [new MailError('policy-refused', 'user', 'DMARC'), '550 5.7.1'],
    [new MailError('over-quota', 'temporary', 'full'), '452 4.2.2'],
    [new MailError('too-large', 'user', 'header'), '552 5.3.4'],
    [new TypeError('a bug'), '451 4.3.0'],
  ])('what taking a mail throws (%s) is answered %s, and the session goes on', async (failure, answer) => {
    await transcript(
      { failure: () => failure },
      `${HELLO}\n${MAIL}\n${RCPT}\nC> DATA\nC< /^354/\nC> .\nC< /^${answer} /\nC> BDAT 0 LAST\nC< /^503/\n${MAIL}`,
    );
  });

  test('without room on the disk nobody is asked to send (A15)', async () => {
    await transcript(
      { parts: { room: { has: (bytes: number) => bytes <= 1000 } } },
      `${HELLO}
       C> MAIL FROM:<a@b> SIZE=1001
       C< 452 4.3.1 No room for mail at the moment, please try later
       C> MAIL FROM:<a@b> SIZE=1000
       C< 250 2.1.0 Sender taken`,
    );
  });

  test('what comes with DATA before its answer ends the session, whether DATA is good or not (D9)', async () => {
    for (const rcpt of ['alice', 'nobody']) {
      const { accepted } = await transcript(
        {},
        `${HELLO}
         ${MAIL}
         C>| RCPT TO:<${rcpt}@example.test>\\r\\nDATA\\r\\nMAIL FROM:<evil@x>\\r\\n.\\r\\n
         C< /^[25]50/
         C< 503 5.5.0 Wait for the answer to DATA, goodbye
         C<|`,
      );
      expect(accepted).toEqual([]);
    }
  });

  test('a connection lost in the middle of a message leaves nothing (A1, C12)', async () => {
    await using smtp = await startSmtp();
    for (const size of [100, 3 << 20]) {
      const wire = await smtp.connect();
      await wire.write('EHLO a\r\nMAIL FROM:<a@b>\r\nRCPT TO:<bob@example.test>\r\nDATA\r\n');
      await wire.skipToLine('354');
      await wire.write(Buffer.alloc(size, 'a'));
      wire.destroy();
    }
    const last = await smtp.connect();
    await last.line();
    expect(smtp.accepted).toEqual([]);
  });

  test.each([998, 999, 2048, 65_536, 2_000_000])(
    'a line of %d bytes in a body is kept as it is (D5)',
    async (length) => {
      await using smtp = await startSmtp();
      const wire = await smtp.connect();
      await wire.write('EHLO a\r\nMAIL FROM:<a@b>\r\nRCPT TO:<bob@example.test>\r\nDATA\r\n');
      await wire.skipToLine('354');
      const raw = `Subject: long\r\n\r\n${'x'.repeat(length)}\r\n`;
      await wire.write(`${raw}.\r\n`);
      await wire.skipToLine('250 2.0.0');
      expect(smtp.accepted[0]?.raw.toString() === raw).toBe(true);
    },
  );

  test('a TLS greeting, a proxy header and a web request on a plain port end at their first line (D16, D19)', async () => {
    for (const first of [
      '\x16\x03\x01\x00\x05\n',
      '\x16\x03\x01\x00\xa5\r\n',
      'SSH-2.0-x\r\n',
      'PROXY TCP4 1.2.3.4 1.2.3.4 5 25\r\n',
      'POST / HTTP/1.1\r\n',
    ]) {
      await using smtp = await startSmtp();
      const wire = await smtp.connect();
      await wire.line();
      await wire.write(Buffer.from(`${first}MAIL FROM:<a@b>\r\n`, 'latin1'));
      expect((await wire.rest()).toString()).toMatch(/^5\d\d 5\.5\.\d [^\r\n]*\r\n$/);
    }
  });

  test('stopping the service tells an idle client (A20)', async () => {
    await using smtp = await startSmtp();
    const wire = await smtp.connect();
    await wire.line();
    const closed = smtp.network.close(1000);
    expect(await wire.line()).toBe('421 4.3.2 The server is being stopped, please try again');
    await closed;
  });
});

describe('LMTP (RFC 2033)', () => {
  test('answers for each recipient', async () => {
    const { accepted } = await transcript(
      { role: 'lmtp' },
      `C< 220 mx.example.test LMTP Pabal
       C> EHLO a
       C< 500 5.5.1 Unknown command
       C> LHLO front.example.test
       C< ...
       C< 250 BINARYMIME
       ${MAIL}
       ${RCPT}
       C> RCPT TO:<nobody@example.test>
       C< 550 5.1.1 Nobody here by that name
       C> RCPT TO:<bob@example.test>
       C< /^250/
       C> RCPT TO:<robert@example.test>
       C< /^250/
       C> DATA
       C< /^354/
       C> .
       C< 250 2.0.0 Accepted as q1
       C< 250 2.0.0 Accepted as q1
       C< 250 2.0.0 Accepted as q1
       C> NOOP
       C< 250 2.0.0 Still here`,
    );
    expect(accepted[0]?.recipients.map(({ account }) => account)).toEqual(['a1', 'b1']);
    expect(accepted[0]?.origin.protocol).toBe('LMTP');
  });

  test('without a recipient DATA and BDAT are out of place (RFC 2033 §4.2)', async () => {
    await transcript(
      { role: 'lmtp' },
      `C< ...\nC> LHLO a\nC< ...\nC< /^250 /\n${MAIL}\nC> RCPT TO:<nobody@example.test>\nC< /^550 /\nC> DATA\nC< /^503 5.5.1 /\n
       C> BDAT 0 LAST\nC< /^503 5.5.1 /`,
    );
  });

  test('a refusal, for each recipient', async () => {
    await transcript(
      { role: 'lmtp', failure: () => new MailError('busy', 'temporary', 'x') },
      `C< ...\nC> LHLO a\nC< ...\nC< /^250 /\n${MAIL}\n${RCPT}\n${RCPT}\nC> BDAT 0 LAST\nC< /^451/\nC< /^451/\nC> NOOP\nC< /^250/`,
    );
  });
});
