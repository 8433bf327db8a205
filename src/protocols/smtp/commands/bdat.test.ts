import { describe, expect, test } from 'vitest';
import { HELLO, MAIL, RCPT, transcript } from '../../../../test/smtp/dialogue.ts';
import { startSmtp } from '../../../../test/smtp/harness.ts';

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

  test('bare newlines are refused, except in a BINARYMIME message, which DATA cannot carry (D4)', async () => {
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
