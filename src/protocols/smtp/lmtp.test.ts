import { describe, expect, test } from 'vitest';
import { MAIL, RCPT, transcript } from '../../../test/smtp/dialogue.ts';
import { MailError } from '../../mail/error.ts';

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
