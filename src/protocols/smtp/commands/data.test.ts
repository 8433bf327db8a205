import { describe, expect, test } from 'vitest';
import { HELLO, MAIL, RCPT, transcript } from '../../../../test/smtp/dialogue.ts';
import { startSmtp } from '../../../../test/smtp/harness.ts';
import { MailError } from '../../../mail/error.ts';

describe('DATA', () => {
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
});
