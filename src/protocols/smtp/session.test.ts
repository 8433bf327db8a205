import { describe, expect, test } from 'vitest';
import { HELLO, MAIL, RCPT, transcript } from '../../../test/smtp/dialogue.ts';
import { startSmtp } from '../../../test/smtp/harness.ts';
import { runTranscript } from '../../../test/transcript/run.ts';
import { ManualClock } from '../../adapters/clock-manual.ts';
import { ErrorDelay } from '../../net/error-delay.ts';

describe('a session', () => {
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

  test('a command alone, out of place, unknown, or not for a mail server (D18)', async () => {
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
