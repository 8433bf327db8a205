import { describe, expect, test } from 'vitest';
import { type Answer, ScriptedServer } from '../../test/smtp/scripted-server.ts';
import { BODY, mailOf, NEVER, saying, send, to, transferTo } from '../../test/smtp/transfer.ts';
import { oneSource } from '../../test/support/one-source.ts';
import { ManualClock } from '../adapters/clock-manual.ts';
import type { OutgoingMail } from './transfer.ts';

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
    const script = { extensions: ['PIPELINING'], answer: saying(start, answer) };
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
