import { describe, expect, test } from 'vitest';
import { type Answer, ScriptedServer } from '../../test/smtp/scripted-server.ts';
import { BODY, mailOf, NEVER, to, transferTo } from '../../test/smtp/transfer.ts';
import { ManualClock } from '../adapters/clock-manual.ts';

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
