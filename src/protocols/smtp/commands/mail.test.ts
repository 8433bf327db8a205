import { describe, expect, test } from 'vitest';
import { HELLO, MAIL, transcript } from '../../../../test/smtp/dialogue.ts';

describe('MAIL', () => {
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
});
