import { describe, expect, test } from 'vitest';
import type { WireClient } from '../../../../test/client/wire.ts';
import { mail, many } from '../../../../test/imap/mails.ts';
import { oneImapService } from '../../../../test/imap/one-service.ts';

const imap = oneImapService();

async function compressed(name: string): Promise<WireClient> {
  const wire = await imap.service.session(name);
  await wire.write('z COMPRESS DEFLATE\r\n');
  expect(await wire.line()).toBe('z OK DEFLATE active');
  wire.startDeflate();
  return wire;
}

async function answer(wire: WireClient, command: string, tag: string): Promise<string[]> {
  await wire.write(command);
  const lines: string[] = [];
  for (;;) {
    lines.push(await wire.line());
    if (lines.at(-1)?.startsWith(`${tag} `)) return lines;
  }
}

test('COMPRESS is for those who signed in, knows DEFLATE, and is said once', async () => {
  await imap.script(`
    new1< ...
    new1> a COMPRESS DEFLATE
    new1< a BAD COMPRESS is not possible in this state
    A> a COMPRESS
    A< a BAD space expected
    A> b COMPRESS LZ4
    A< b BAD unknown compression
    A> c COMPRESS DEFLATE FAST
    A< c BAD end of command expected
  `);
  await using wire = await compressed('A');
  expect(await answer(wire, 'a COMPRESS DEFLATE\r\n', 'a')).toEqual(['a BAD compression is active']);
});

describe('compressed', () => {
  test('commands, pipelined commands, literals and what another session changes come through', async () => {
    await imap.service.deliver('A', 'INBOX', many(2));
    await using wire = await compressed('A');
    expect((await answer(wire, 'a SELECT INBOX\r\n', 'a')).at(-1)).toBe('a OK [READ-WRITE] SELECT completed');
    const body = mail(3).repeat(2000);
    const placed = await answer(wire, `b NOOP\r\nc APPEND Sent {${body.length}+}\r\n${body}\r\n`, 'c');
    expect(placed).toEqual(['b OK NOOP completed', expect.stringMatching(/^c OK \[APPENDUID \d+ 1\]/)]);
    const before = wire.received;
    await answer(wire, 'd SELECT Sent\r\n', 'd');
    await wire.write('e FETCH 1 BODY.PEEK[]\r\n');
    expect(await wire.line()).toBe(`* 1 FETCH (BODY[] {${body.length}}`);
    expect((await wire.bytes(body.length)).toString('latin1')).toBe(body);
    expect(await answer(wire, '', 'e')).toEqual([')', 'e OK FETCH completed']);
    expect(wire.received - before).toBeGreaterThan(body.length);
    await wire.write('f IDLE\r\n');
    expect(await wire.line()).toBe('+ idling');
    await imap.service.deliver('A', 'Sent', [mail(4)]);
    expect(await wire.line()).toBe('* 2 EXISTS');
    expect(await answer(wire, 'DONE\r\n', 'f')).toEqual(['* 0 RECENT', 'f OK IDLE completed']);
    expect(await answer(wire, 'g LOGOUT\r\n', 'g')).toHaveLength(2);
    expect((await wire.rest()).length).toBe(0);
  });

  test('what is not DEFLATE ends the connection (E12)', async () => {
    const wire = await imap.service.session('A');
    await wire.write('z COMPRESS DEFLATE\r\n');
    await wire.line();
    await wire.write('a NOOP, in the clear\r\n');
    expect((await wire.rest()).length).toBe(0);
  });

  test('a small packet that becomes a line of 16 MB is refused like any other line (E12)', async () => {
    const wire = await compressed('A');
    void wire.write(Buffer.alloc(16 << 20, 'x')).catch(() => undefined);
    expect(await wire.line()).toBe('* BAD The line is too long');
  });
});
