import { describe, expect, test } from 'vitest';
import type { Answer } from '../../test/smtp/scripted-server.ts';
import { BODY, mailOf, saying, send, to } from '../../test/smtp/transfer.ts';
import type { OutgoingRecipient } from './transfer.ts';

describe('a mail is handed over', () => {
  test('by BDAT where it is offered, by DATA where not, the same bytes either way', async () => {
    for (const extensions of [['PIPELINING', 'CHUNKING'], ['PIPELINING'], []]) {
      const { outcomes, servers } = await send([{ extensions }], to('bob', 'eve'));
      expect(outcomes).toEqual(
        Array(2).fill({
          kind: 'delivered',
          host: 'mx1.dest.test',
          reply: '250 2.0.0 Taken',
          dsnRelayed: false,
          tls: undefined,
        }),
      );
      const [mail] = servers[0]!.mails;
      expect(mail?.raw.toString()).toBe(BODY);
      expect(mail?.rcpt).toEqual(['RCPT TO:<bob@dest.test>', 'RCPT TO:<eve@dest.test>']);
    }
  });

  test('to a server that knows HELO only', async () => {
    const { outcomes, servers } = await send([{ answer: saying('EHLO', '502 5.5.1 What?') }]);
    expect(outcomes[0]?.kind).toBe('delivered');
    expect(servers[0]!.sessions[0]?.lines).toContain('HELO pabal.test');
  });

  test('in chunks when it is large', async () => {
    const body = `Subject: large\r\n\r\n${'0123456789abcdef\r\n'.repeat(90_000)}`;
    const { outcomes, servers } = await send([{}], to('bob'), mailOf(body));
    expect(outcomes[0]?.kind).toBe('delivered');
    expect(servers[0]!.mails[0]?.raw.toString()).toBe(body);
    expect(servers[0]!.sessions[0]?.lines.filter((line) => line.startsWith('BDAT 524288'))).toHaveLength(3);
  });

  test('with the parameters that the server announced, and no others', async () => {
    const mail = mailOf(BODY, {
      dsn: { envid: 'QQ314159', ret: 'HDRS' },
      needs: { smtputf8: true, eightBit: true, binary: false },
    });
    const recipients: OutgoingRecipient[] = [
      { address: '보브@dest.test', dsn: { notify: ['SUCCESS', 'FAILURE'], orcpt: 'rfc822;bob+2Bx@dest.test' } },
      { address: 'a"b@dest.test' },
      { address: '"a b"@dest.test', dsn: { orcpt: 'rfc822;x@y NOTIFY=NEVER' } },
    ];
    const { outcomes, servers } = await send([{}], recipients, mail);
    const [taken] = servers[0]!.mails;
    expect(taken?.mail).toBe(
      `MAIL FROM:<alice@pabal.test> SIZE=${BODY.length} BODY=8BITMIME SMTPUTF8 RET=HDRS ENVID=QQ314159`,
    );
    expect(taken?.rcpt).toEqual([
      'RCPT TO:<보브@dest.test> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;bob+2Bx@dest.test',
      'RCPT TO:<"a b"@dest.test>',
    ]);
    expect(outcomes).toMatchObject([
      { kind: 'delivered', dsnRelayed: true },
      { kind: 'permanent', status: '5.1.3' },
      { kind: 'delivered' },
    ]);
    const plain = await send([{ extensions: ['8BITMIME', 'SMTPUTF8'] }], recipients.slice(0, 1), mail);
    expect(plain.servers[0]!.mails[0]).toMatchObject({
      mail: 'MAIL FROM:<alice@pabal.test> BODY=8BITMIME SMTPUTF8',
      rcpt: ['RCPT TO:<보브@dest.test>'],
    });
  });

  test('binary mail goes as it is where that is possible', async () => {
    const body = Buffer.from('Subject: x\r\n\r\n\n.\n\r\n.\r\n\0\r\r', 'latin1');
    const mail = mailOf(body, { needs: { smtputf8: false, eightBit: true, binary: true } });
    const { servers } = await send([{ extensions: ['CHUNKING', 'BINARYMIME'] }], to('bob'), mail);
    expect(servers[0]!.mails[0]?.raw).toEqual(body);
    expect(servers[0]!.mails[0]?.mail).toBe('MAIL FROM:<alice@pabal.test> BODY=BINARYMIME');
  });

  test('in as many transactions as the server wants', async () => {
    const names = Array.from({ length: 130 }, (_, i) => `user${i}`);
    const limited = await send([{ extensions: ['PIPELINING', 'LIMITS RCPTMAX=60'] }], to(...names));
    expect(limited.outcomes.every(({ kind }) => kind === 'delivered')).toBe(true);
    expect(limited.servers[0]!.mails.map(({ rcpt }) => rcpt.length)).toEqual([60, 60, 10]);
    expect(limited.servers[0]!.sessions).toHaveLength(1);
    let taken = 0;
    const answer = (line: string): Answer => {
      if (line.startsWith('MAIL')) taken = 0;
      return line.startsWith('RCPT') && ++taken > 40 ? '452 4.5.3 Too many' : undefined;
    };
    const surprised = await send([{ answer }], to(...names));
    expect(surprised.outcomes.every(({ kind }) => kind === 'delivered')).toBe(true);
    expect(surprised.servers[0]!.mails.flatMap(({ rcpt }) => rcpt)).toHaveLength(130);
  });
});

describe('what the server says of a recipient is its outcome', () => {
  test('accepted, put off and refused side by side (B2)', async () => {
    const answer = (line: string): Answer =>
      line.includes('later') ? '451 4.7.1 Greylisted' : line.includes('gone') ? '550 5.1.1 No such user' : undefined;
    for (const extensions of [['PIPELINING', 'CHUNKING'], []]) {
      const { outcomes, servers } = await send([{ extensions, answer }, {}], to('a', 'later', 'b', 'gone', 'c'));
      expect(outcomes.map(({ kind }) => kind)).toEqual([
        'delivered',
        'temporary',
        'delivered',
        'permanent',
        'delivered',
      ]);
      expect(outcomes[1]).toMatchObject({ status: '4.7.1', reply: '451 4.7.1 Greylisted', host: 'mx1.dest.test' });
      expect(outcomes[3]).toMatchObject({ status: '5.1.1', reply: '550 5.1.1 No such user' });
      expect(servers[0]!.mails[0]?.rcpt).toHaveLength(3);
      expect(servers[1]!.sessions).toHaveLength(0);
    }
  });

  test.each([
    ['MAIL', '550 5.7.1 Not you', 'permanent', '5.7.1'],
    ['MAIL', '451 Later', 'temporary', '4.0.0'],
    ['RCPT', '550 5.1.1 Nobody', 'permanent', '5.1.1'],
    ['RCPT', '550 4.1.1 A wrong class', 'permanent', '5.0.0'],
    ['RCPT', '354 What?', 'temporary', '4.5.0'],
    ['DATA', '554 5.6.0 No data', 'permanent', '5.6.0'],
    ['DATA', '250 Already?', 'temporary', '4.5.0'],
    ['END', '552 5.3.4 Too big', 'permanent', '5.3.4'],
    ['END', '452 4.3.1 Disk full', 'temporary', '4.3.1'],
    ['END', '421 4.3.2 Going down', 'temporary', '4.3.2'],
  ] as const)('%s answered by %s is %s %s', async (start, answer, kind, status) => {
    const { outcomes } = await send([{ extensions: ['PIPELINING'], answer: saying(start, answer) }]);
    expect(outcomes).toMatchObject([{ kind, status }]);
  });

  test('a chunk that is refused ends the transaction, not the session', async () => {
    const body = mailOf('x'.repeat(2 << 20));
    const { outcomes, servers } = await send([{ answer: saying('BDAT end', '552 5.2.3 Enough') }], to('bob'), body);
    expect(outcomes).toMatchObject([{ kind: 'permanent', status: '5.2.3' }]);
    expect(servers[0]!.mails).toHaveLength(0);
  });

  test('an answer in the middle of DATA is heard', async () => {
    const answer = (line: string): Answer => (/^BODY [1-9]/.test(line) ? ['552 5.3.4 Stop', 'DROP'] : undefined);
    const { outcomes } = await send(
      [{ extensions: [], answer }],
      to('bob'),
      mailOf(`${'y'.repeat(998)}\r\n`.repeat(20_000)),
    );
    expect(['5.3.4', '4.4.2']).toContain((outcomes[0] as { status: string }).status);
  });
});
