import fc from 'fast-check';
import { expect, test } from 'vitest';
import { WireClient } from '../../../test/client/wire.ts';
import { memoryBackend } from '../../../test/support/backend.ts';
import { Network } from '../../net/network.ts';
import { silentLog } from '../../telemetry/log.ts';
import { COMMANDS } from './commands/registry.ts';
import { pop3 } from './protocol.ts';
import { parseCommandLine } from './wire/command-line.ts';
import { DotStuffing, top } from './wire/multiline.ts';

const RUNS = Number(process.env['FUZZ_RUNS'] ?? 20_000);

/** Anything, and things that nearly make sense. */
const words = fc.oneof(
  fc.constantFrom(...COMMANDS.keys(), 'stat', 'Retr', 'XYZ', 'PLAIN', '*', '='),
  fc.constantFrom(
    '0',
    '1',
    '2',
    '3',
    '4',
    '-1',
    '007',
    '4294967297',
    '99999999999999999999',
    '1e3',
    '',
    ' ',
    '\t',
    '\0',
  ),
  fc.string({ maxLength: 20 }),
  fc.string({ unit: 'binary', maxLength: 20 }),
);
const line = fc.oneof(
  fc.array(words, { maxLength: 4 }).map((w) => Buffer.from(w.join(' '))),
  fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes)),
);

test('a command line is a command or is not, and nothing else', () => {
  fc.assert(
    fc.property(line, (bytes) => {
      const parsed = parseCommandLine(bytes);
      if (parsed === undefined) return;
      expect(parsed.keyword).toMatch(/^[A-Z0-9]{1,20}$/);
      COMMANDS.get(parsed.keyword)?.prepare(parsed.rest);
    }),
    { numRuns: RUNS },
  );
});

test('a session answers each line once, whatever it is, and survives', async () => {
  const backend = await memoryBackend();
  const protocol = pop3({ ...backend, tls: undefined, allowPlaintextLogin: 'always' });
  await using network = new Network({ log: silentLog, metrics: backend.metrics, clock: backend.clock });
  const address = (await network.listen({ protocol, addresses: [{ host: '127.0.0.1', port: 0 }] })).addresses[0] ?? '';
  const user = await backend.add('fuzz@example.test');
  // A session ends after twenty bad commands, so lines come in sessions of eighteen.
  const sessions = fc.array(line, { minLength: 18, maxLength: 18 });
  await fc.assert(
    fc.asyncProperty(sessions, fc.boolean(), async (lines, signIn) => {
      await backend.deliver(user, 'Subject: x\r\n\r\n.\r\n..x\r\n');
      await using client = await WireClient.connect(address);
      const login = signIn ? 'USER fuzz@example.test\r\nPASS secret password\r\n' : '';
      const text = Buffer.concat(
        lines.flatMap((l) => [l.filter((b) => b !== 10 && b !== 13), '\r\n']).map((b) => Buffer.from(b)),
      );
      await client.write(Buffer.concat([Buffer.from(login), text, Buffer.from('QUIT\r\n*\r\nQUIT\r\n')]));
      const answer = (await client.rest()).toString('latin1');
      expect(answer.split('\r\n')[0]).toMatch(/^\+OK/);
      expect(answer).not.toContain('went wrong on our side');
    }),
    { numRuns: Math.ceil(RUNS / 200) },
  );
});

test('a stuffed message is the message, for any client that unstuffs it', () => {
  const unit = fc.constantFrom('.', '\r\n', '\n', '\r', 'a', '..', '.\r\n', '\r\n.');
  const message = fc.array(unit, { maxLength: 30 }).map((parts) => parts.join(''));
  fc.assert(
    fc.property(message, fc.integer({ min: 1, max: 9 }), (text, size) => {
      const stuffing = new DotStuffing();
      let wire = '';
      for (let at = 0; at < text.length; at += size)
        wire += Buffer.from(stuffing.push(Buffer.from(text.slice(at, at + size)))).toString();
      wire += stuffing.end();
      expect(wire.endsWith('.\r\n')).toBe(true);
      const lines = wire.slice(0, -3).split('\r\n');
      // The end comes at the end, also for clients that take a bare LF for a line end.
      expect(wire.slice(0, -3).split(/\r?\n/)).not.toContain('.');
      const unstuffed = lines.map((l) => (l.startsWith('.') ? l.slice(1) : l)).join('\r\n');
      const crlf = text.replaceAll(/\r?\n/g, '\r\n');
      const whole = crlf === '' || crlf.endsWith('\r\n') ? crlf : crlf.endsWith('\r') ? `${crlf}\n` : `${crlf}\r\n`;
      expect(unstuffed).toBe(whole);
    }),
    { numRuns: RUNS },
  );
});

test('TOP gives a beginning of the message that ends in a line', async () => {
  const unit = fc.constantFrom('\r\n', '\n', '\r', 'a', 'bc', '\r\n\r\n');
  const message = fc.array(unit, { maxLength: 30 }).map((parts) => parts.join(''));
  await fc.assert(
    fc.asyncProperty(message, fc.nat(5), fc.integer({ min: 1, max: 9 }), async (text, lines, size) => {
      let out = '';
      const pieces = (async function* () {
        for (let at = 0; at < text.length; at += size) yield Buffer.from(text.slice(at, at + size));
      })();
      for await (const piece of top(pieces, lines)) out += Buffer.from(piece).toString();
      expect(text.startsWith(out)).toBe(true);
      // The header ends at the first line that is empty.
      const all = text.split('\n');
      const blank = all.findIndex((l, i) => i < all.length - 1 && (l === '' || l === '\r'));
      const shown = blank === -1 ? all.length : blank + 1 + lines;
      expect(out).toBe(shown >= all.length ? text : `${all.slice(0, shown).join('\n')}\n`);
    }),
    { numRuns: Math.ceil(RUNS / 4) },
  );
});
