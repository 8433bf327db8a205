import { describe, expect, test } from 'vitest';
import { b64, HELLO, submission, transcript } from '../../../../test/smtp/dialogue.ts';
import { PASSWORD, startSmtp } from '../../../../test/smtp/harness.ts';

describe('AUTH (RFC 4954)', () => {
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
