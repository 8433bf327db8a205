import { hash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { type Answer, ScriptedServer, type ScriptedOptions } from '../../test/smtp/scripted-server.ts';
import { oneSource } from '../../test/support/one-source.ts';
import { ManualClock } from '../adapters/clock-manual.ts';
import { SystemClock } from '../adapters/clock-system.ts';
import { StaticResolver } from '../adapters/resolver-static.ts';
import { type Signer, SmtpTransfer, type SmtpTransferOptions } from './smtp-transfer.ts';
import { TlsPolicies } from './tls/policy.ts';
import type { OutgoingMail, OutgoingRecipient, Outcome } from './transfer.ts';

const NEVER = new AbortController().signal;
const BODY = 'Subject: hello\r\n\r\n.dot\r\nmore\r\n';

function mailOf(body: string | Uint8Array, more: Partial<OutgoingMail> = {}): OutgoingMail {
  const bytes = Buffer.from(body);
  return {
    sender: 'alice@pabal.test',
    size: bytes.length,
    body: async function* () {
      yield bytes;
    },
    needs: { smtputf8: false, eightBit: false, binary: false },
    requireTls: false,
    ...more,
  };
}
const to = (...names: string[]): OutgoingRecipient[] => names.map((name) => ({ address: `${name}@dest.test` }));

/** The servers are the exchanges of dest.test, in order. */
function transferTo(
  servers: readonly ScriptedServer[],
  options: Partial<SmtpTransferOptions> = {},
): SmtpTransfer & AsyncDisposable {
  // Each server has its own port: a route for each, as an operator would write it, tried in order.
  const hops = servers.map(({ port }, i) => ({
    host: `mx${i + 1}.dest.test`,
    port,
    addresses: [{ address: '127.0.0.1', family: 4 as const }],
    authenticated: false,
  }));
  const transfer = new SmtpTransfer({
    router: { route: async (domain) => ({ kind: 'hops', hops, domain }) },
    tls: new TlsPolicies({ resolver: new StaticResolver({}) }),
    clock: new SystemClock(),
    sources: oneSource('pabal.test', new SystemClock()),
    ...options,
  });
  return Object.assign(transfer, { [Symbol.asyncDispose]: () => transfer.close() });
}

async function send(
  scripts: readonly ScriptedOptions[],
  recipients = to('bob'),
  mail = mailOf(BODY),
  options: Partial<SmtpTransferOptions> = {},
): Promise<{ readonly outcomes: readonly Outcome[]; readonly servers: readonly ScriptedServer[] }> {
  const servers = await Promise.all(scripts.map((script) => ScriptedServer.start(script)));
  try {
    await using transfer = transferTo(servers, options);
    const outcomes = await transfer.transfer('dest.test', mail, recipients, NEVER);
    return { outcomes, servers };
  } finally {
    await Promise.all(servers.map((server) => server[Symbol.asyncDispose]()));
  }
}

/** A script that answers lines that begin so. */
const saying =
  (start: string, answer: Answer): NonNullable<ScriptedOptions['answer']> =>
  (line) =>
    line.startsWith(start) ? answer : undefined;

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

describe('a server that has had enough', () => {
  test.each([
    ['MAIL', '421 4.7.0 Too much'],
    ['RCPT', '450 4.7.1 Slow down'],
    ['END', '451 4.7.1 Try again'],
    ['CONNECT', '421 4.3.2 Busy'],
  ])('gets less mail from then on, also for other domains that it serves (%s: %s, I-6)', async (start, words) => {
    const clock = new ManualClock();
    const sources = oneSource('pabal.test', clock);
    await using server = await ScriptedServer.start({ answer: saying(start, words) });
    await using transfer = transferTo([server], { sources });
    expect(await transfer.transfer('dest.test', mailOf(BODY), to('bob'), NEVER)).toMatchObject([{ kind: 'temporary' }]);
    expect(sources.throttles()).toMatchObject([{ provider: 'dest.test', active: 0, atOnce: 25, pauseMs: 500 }]);
    const other = transfer.transfer('hosted.test', mailOf(BODY), to('eve'), NEVER);
    await expect(other).rejects.toMatchObject({ name: 'Postponed', until: clock.now() + 2000 });
    expect(server.sessions).toHaveLength(1);
  });
});

describe('a server that gives no answer is not the last one', () => {
  const onlyOnce =
    (start: string, answer: Answer): NonNullable<ScriptedOptions['answer']> =>
    (line) =>
      line.startsWith(start) ? answer : undefined;

  test.each([
    ['CONNECT', '554 No'],
    ['CONNECT', '421 4.3.2 Busy'],
    ['CONNECT', 'DROP'],
    ['CONNECT', 'RESET'],
    ['CONNECT', 'SSH-2.0-OpenSSH_9.2'],
    ['CONNECT', 'x'.repeat(100_000)],
    ['CONNECT', '220-more\r\n'.repeat(1000)],
    ['EHLO', 'DROP'],
    ['EHLO', '421 Bye'],
    ['MAIL', 'DROP'],
    ['MAIL', '421 4.7.0 Too much'],
    ['RCPT', 'DROP'],
    ['RCPT', '421 4.7.0 Too much'],
    ['RCPT', 'nonsense'],
    ['DATA', 'DROP'],
    ['DATA', '421 4.7.0 Too much'],
    ['BODY 1', 'DROP'],
  ] as const)('%s: %s', async (start, answer) => {
    const script = { extensions: ['PIPELINING'], answer: onlyOnce(start, answer) };
    const mail = mailOf(`${'z'.repeat(70)}\r\n`.repeat(start === 'BODY 1' ? 30_000 : 100));
    const { outcomes, servers } = await send([script, {}], to('a', 'b'), mail);
    // A body that is cut off before its end was not taken; one that was sent to its end may have been.
    if (start !== 'BODY 1') expect(outcomes.map(({ kind }) => kind)).toEqual(['delivered', 'delivered']);
    expect(servers[0]!.mails).toHaveLength(0);
    if (outcomes[0]?.kind === 'delivered') expect(outcomes[0].host).toBe('mx2.dest.test');
    else expect(outcomes[0]).toMatchObject({ kind: 'temporary', status: '4.4.2' });
    const alone = await send([script], to('a'), mail);
    expect(alone.outcomes[0]).toMatchObject({ kind: 'temporary', status: expect.stringMatching(/^4\.[0-57]\.\d$/) });
  });

  test('521 says that there will never be mail', async () => {
    const { outcomes } = await send([{ answer: saying('CONNECT', '521 5.3.2 No mail here') }]);
    expect(outcomes).toMatchObject([{ kind: 'permanent', status: '5.3.2' }]);
  });

  test('but after the end of the mail nobody else is asked: it may have arrived (A7)', async () => {
    for (const extensions of [['CHUNKING'], []]) {
      const { outcomes, servers } = await send([{ extensions, answer: saying('END', 'DROP') }, {}]);
      expect(outcomes).toMatchObject([{ kind: 'temporary', status: '4.4.2' }]);
      expect(servers[1]!.sessions).toHaveLength(0);
    }
  });

  test('who was refused before the break stays refused, the others go on', async () => {
    const answer = (line: string): Answer =>
      line.includes('gone') ? '550 5.1.1 No' : line.includes('break') ? 'DROP' : undefined;
    const { outcomes, servers } = await send([{ extensions: [], answer }, {}], to('gone', 'break', 'c'));
    expect(outcomes.map(({ kind }) => kind)).toEqual(['permanent', 'delivered', 'delivered']);
    expect(servers[1]!.mails[0]?.rcpt).toHaveLength(2);
  });

  test('nobody listens there', async () => {
    const gone = await ScriptedServer.start();
    const { port } = gone;
    await gone[Symbol.asyncDispose]();
    await using transfer = transferTo([{ port } as ScriptedServer]);
    const outcomes = await transfer.transfer('dest.test', mailOf(BODY), to('bob'), NEVER);
    expect(outcomes).toMatchObject([{ kind: 'temporary', status: '4.4.1' }]);
  });

  test('a mail that cannot be read is not sent in part', async () => {
    const mail: OutgoingMail = {
      ...mailOf(BODY),
      // oxlint-disable-next-line require-yield
      body: async function* () {
        throw new Error('the disk is gone');
      },
    };
    for (const extensions of [['CHUNKING'], []]) {
      const { outcomes, servers } = await send([{ extensions }], to('bob'), mail);
      expect(outcomes).toMatchObject([{ kind: 'temporary', status: '4.3.0' }]);
      expect(servers[0]!.mails).toHaveLength(0);
    }
  });
});

describe('time', () => {
  test.each([
    ['CONNECT', 'greetingMs'],
    ['EHLO', 'helloMs'],
    ['MAIL', 'mailMs'],
    ['RCPT', 'rcptMs'],
    ['DATA', 'dataMs'],
    ['END', 'endMs'],
  ] as const)('%s has a deadline of its own', async (start, key) => {
    const clock = new ManualClock();
    await using server = await ScriptedServer.start({ extensions: [], answer: saying(start, 'HANG') });
    await using transfer = transferTo([server], { clock, timeouts: { [key]: 1234 } });
    const sent = transfer.transfer('dest.test', mailOf(BODY), to('bob'), NEVER);
    await expect.poll(() => server.sessions[0]?.lines.at(-1)).toMatch(new RegExp(`^${start}`));
    await clock.advance(1234);
    expect(await sent).toMatchObject([{ kind: 'temporary', status: '4.4.2' }]);
  });

  test('a reply that never ends does not last (I-5)', async () => {
    const clock = new ManualClock();
    await using server = await ScriptedServer.start({ answer: saying('MAIL', '250-and') });
    await using transfer = transferTo([server], { clock });
    const sent = transfer.transfer('dest.test', mailOf(BODY), to('bob'), NEVER);
    await expect.poll(() => server.sessions[0]?.lines.at(-1)).toMatch(/^RCPT/);
    await clock.advance(5 * 60_000);
    expect(await sent).toMatchObject([{ kind: 'temporary', status: '4.4.2' }]);
  });

  test('a server that stops reading is left (I-5)', async () => {
    const clock = new ManualClock();
    const answer = (line: string): Answer => (/^BODY [1-9]/.test(line) ? 'HANG' : undefined);
    await using server = await ScriptedServer.start({ extensions: [], answer });
    await using transfer = transferTo([server], { clock });
    const large = mailOf('q'.repeat(16 << 20));
    const sent = transfer.transfer('dest.test', large, to('bob'), NEVER);
    await expect.poll(() => server.sessions[0]?.lines.at(-1)).toMatch(/^BODY/);
    for (const socket of server.open) socket.pause();
    let done = false;
    void sent.then(() => (done = true));
    while (!done) await clock.advance(60_000);
    expect(await sent).toMatchObject([{ kind: 'temporary', status: '4.4.2' }]);
  });

  test('an attempt ends when it is told to', async () => {
    await using server = await ScriptedServer.start({ answer: saying('RCPT', 'HANG') });
    await using transfer = transferTo([server]);
    const stop = new AbortController();
    const sent = transfer.transfer('dest.test', mailOf(BODY), to('bob'), stop.signal);
    await expect.poll(() => server.sessions[0]?.lines.at(-1)).toMatch(/^RCPT/);
    stop.abort();
    expect(await sent).toMatchObject([{ kind: 'temporary' }]);
    const late = await transfer.transfer('dest.test', mailOf(BODY), to('bob'), stop.signal);
    expect(late).toMatchObject([{ kind: 'temporary' }]);
  });
});

describe('sessions are used again', () => {
  test('for as many mails as the server wants, one right after the other without RSET', async () => {
    await using server = await ScriptedServer.start({ extensions: ['PIPELINING', 'LIMITS MAILMAX=3'] });
    await using transfer = transferTo([server]);
    for (let i = 0; i < 5; i++)
      expect(await transfer.transfer('dest.test', mailOf(BODY), to('bob'), NEVER)).toMatchObject([
        { kind: 'delivered' },
      ]);
    expect(server.sessions).toHaveLength(2);
    expect(server.sessions[0]?.lines.filter((line) => line === 'RSET')).toHaveLength(0);
  });

  test('with RSET where a mail was left in the middle', async () => {
    const answer = (line: string, { lines }: { readonly lines: readonly string[] }): Answer =>
      line === 'DATA' && !lines.includes('RSET') ? '451 4.3.0 Not now' : undefined;
    await using server = await ScriptedServer.start({ extensions: ['PIPELINING'], answer });
    await using transfer = transferTo([server]);
    await transfer.transfer('dest.test', mailOf(BODY), to('bob'), NEVER);
    await transfer.transfer('dest.test', mailOf(BODY), to('bob'), NEVER);
    expect(server.mails).toHaveLength(1);
    expect(server.sessions).toHaveLength(1);
  });

  test('also after one that asks for a body although it takes nobody: it hears the end (RFC 2920 §3.1)', async () => {
    const refused = to('bob', 'carol');
    let asks = true;
    const answer = (line: string): Answer => {
      if (asks && line.startsWith('RCPT')) return '550 5.1.1 Nobody of that name';
      return asks && line === 'DATA' ? '354 Go on' : undefined;
    };
    await using server = await ScriptedServer.start({ extensions: ['PIPELINING'], answer });
    await using transfer = transferTo([server]);
    expect(await transfer.transfer('dest.test', mailOf(BODY), refused, NEVER)).toMatchObject(
      refused.map(() => ({ kind: 'permanent', status: '5.1.1' })),
    );
    asks = false;
    await transfer.transfer('dest.test', mailOf(BODY), to('bob'), NEVER);
    const { lines } = server.sessions[0]!;
    expect(lines.slice(lines.indexOf('DATA'), lines.indexOf('DATA') + 3)).toEqual(['DATA', '.', 'RSET']);
    expect(server.mails).toHaveLength(1);
    expect(server.sessions).toHaveLength(1);
  });

  test('unless they died meanwhile', async () => {
    await using server = await ScriptedServer.start();
    await using transfer = transferTo([server]);
    await transfer.transfer('dest.test', mailOf(BODY), to('bob'), NEVER);
    for (const socket of server.open) socket.end('421 4.4.2 Idle for too long\r\n');
    const again = await transfer.transfer('dest.test', mailOf(BODY), to('bob'), NEVER);
    expect(again).toMatchObject([{ kind: 'delivered' }]);
    expect(server.sessions).toHaveLength(2);
  });

  test('and never more than allowed at once', async () => {
    let most = 0;
    const server = await ScriptedServer.start({
      answer: () => {
        most = Math.max(most, server.open.size);
        return undefined;
      },
    });
    await using _server = server;
    await using transfer = transferTo([server], { pool: { perServer: 2 } });
    const all = await Promise.all(
      Array.from({ length: 20 }, () => transfer.transfer('dest.test', mailOf(BODY), to('bob'), NEVER)),
    );
    expect(all.flat().every(({ kind }) => kind === 'delivered')).toBe(true);
    expect(most).toBeLessThanOrEqual(2);
    expect(server.mails).toHaveLength(20);
  });

  test('they end when nobody needs them', async () => {
    const clock = new ManualClock();
    await using server = await ScriptedServer.start();
    await using transfer = transferTo([server], { clock, pool: { idleMs: 1000 } });
    await transfer.transfer('dest.test', mailOf(BODY), to('bob'), NEVER);
    await clock.advance(1000);
    await expect.poll(() => server.sessions[0]?.lines.at(-1)).toBe('QUIT');
  });
});
