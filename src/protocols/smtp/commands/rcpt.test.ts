import { describe, expect, test } from 'vitest';
import { HELLO, MAIL, RCPT, transcript } from '../../../../test/smtp/dialogue.ts';

describe('RCPT', () => {
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

  test('the rate of recipients (F20)', async () => {
    await transcript(
      { recipientsPerHour: 1 },
      `${HELLO}\n${MAIL}\n${RCPT}\nC> RCPT TO:<bob@example.test>\nC< 451 4.7.1 Too much mail in too short a time, please try later`,
    );
  });

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
});
