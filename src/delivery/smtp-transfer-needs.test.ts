import { hash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { BODY, mailOf, saying, send, to } from '../../test/smtp/transfer.ts';
import type { Signer } from './smtp-transfer.ts';
import type { OutgoingMail } from './transfer.ts';

describe('what the server cannot do', () => {
  const needing = (needs: Partial<OutgoingMail['needs']>, more: Partial<OutgoingMail> = {}): OutgoingMail =>
    mailOf(BODY, { needs: { smtputf8: false, eightBit: false, binary: false, ...needs }, ...more });

  test.each([
    ['a mail larger than SIZE', ['SIZE 10'], mailOf(BODY), '5.3.4'],
    ['SMTPUTF8', ['8BITMIME'], needing({ smtputf8: true }), '5.6.7'],
    ['a sender that needs SMTPUTF8', [], needing({}, { sender: '앨리스@pabal.test' }), '5.6.7'],
    ['REQUIRETLS', [], needing({}, { requireTls: true }), '5.7.10'],
  ] as const)('%s is known before it is tried', async (_what, extensions, mail, status) => {
    const { outcomes, servers } = await send([{ extensions }], to('bob'), mail);
    expect(outcomes).toMatchObject([{ kind: 'permanent', status }]);
    expect(servers[0]!.sessions.flatMap(({ lines }) => lines)).not.toContainEqual(expect.stringMatching(/^MAIL/));
  });

  test('8-bit and binary mail is written in 7 bits, unless it is signed', async () => {
    const eightBit = mailOf('Subject: x\r\n\r\nGrüße an alle, die das hier lesen\r\n', {
      needs: { smtputf8: false, eightBit: true, binary: false },
    });
    const { outcomes, servers } = await send([{ extensions: [] }], to('bob'), eightBit);
    expect(outcomes).toMatchObject([{ kind: 'delivered' }]);
    expect(servers[0]!.mails[0]?.mail).not.toContain('BODY');
    expect(servers[0]!.mails[0]?.raw.toString()).toContain('Gr=C3=BC=C3=9Fe');
    const binary = mailOf('Subject: x\r\n\r\na\nb\0', { needs: { smtputf8: false, eightBit: true, binary: true } });
    const other = await send([{ extensions: ['CHUNKING', '8BITMIME'] }], to('bob'), binary);
    expect(other.servers[0]!.mails[0]?.raw.toString()).toMatch(/\r\n\r\na=0Ab=00\r\n$/);
    const signed = mailOf('Content-Type: multipart/signed; boundary=b\r\n\r\n--b\r\n\r\nä\r\n--b--\r\n', {
      needs: { smtputf8: false, eightBit: true, binary: false },
    });
    const refused = await send([{ extensions: [] }], to('bob'), signed);
    expect(refused.outcomes).toMatchObject([{ kind: 'permanent', status: '5.6.3' }]);
  });

  test('what is signed is what is sent, in whatever form that is, and once for the same form', async () => {
    let signed = 0;
    const signer: Signer = {
      async sign(raw) {
        signed += 1;
        return Buffer.from(`X-Digest: ${hash('sha256', Buffer.concat(await Array.fromAsync(raw)), 'hex')}\r\n`);
      },
    };
    const mail = mailOf('Subject: x\r\n\r\nGrüße an alle, die das hier lesen\r\n', {
      needs: { smtputf8: false, eightBit: true, binary: false },
    });
    const refusing = { extensions: ['8BITMIME'], answer: saying('MAIL', '421 4.3.2 Busy') };
    const { servers } = await send([refusing, { extensions: ['8BITMIME'] }], to('bob'), mail, { signer });
    const down = await send([{ extensions: [] }], to('bob'), mail, { signer });
    for (const { mails } of [servers[1]!, down.servers[0]!]) {
      const raw = mails[0]!.raw.toString();
      const end = raw.indexOf('\r\n') + 2;
      expect(raw.slice(0, end)).toBe(`X-Digest: ${hash('sha256', raw.slice(end), 'hex')}\r\n`);
    }
    expect(down.servers[0]!.mails[0]!.raw.toString()).toContain('Gr=C3=BC=C3=9Fe');
    expect(signed).toBe(2);
  });

  test('one international recipient does not hold up the others', async () => {
    const { outcomes } = await send([{ extensions: [] }], to('보브', 'bob'));
    expect(outcomes).toMatchObject([{ kind: 'permanent', status: '5.6.7' }, { kind: 'delivered' }]);
  });
});
