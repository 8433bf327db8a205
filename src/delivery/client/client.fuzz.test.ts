import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parsePolicy, stsId } from '../tls/mta-sts.ts';
import { Capabilities } from './capabilities.ts';
import { envelopeAddress, mailCommand, rcptCommand } from './envelope.ts';
import { framed } from './framing.ts';
import { type Reply, ReplyReader, replyStatus, replyText } from './reply.ts';

const numRuns = Number(process.env['FUZZ_RUNS'] ?? 20_000);

const line = fc.oneof(
  fc.uint8Array({ maxLength: 60 }),
  fc
    .tuple(fc.integer({ min: 0, max: 999 }), fc.constantFrom('', ' ', '-', '\t'), fc.string({ maxLength: 30 }))
    .map(([code, mark, text]) => Buffer.from(`${code}${mark}${text}`)),
  fc
    .tuple(fc.constantFrom('250-', '250 ', '550 5.1.1 ', '451-4.7.1', '250-SIZE ', '250-LIMITS RCPTMAX='), fc.string())
    .map(([start, text]) => Buffer.from(start + text)),
);

test('replies of any server are read or called garbage, and printed in one safe line', () => {
  fc.assert(
    fc.property(fc.array(line, { maxLength: 12 }), (lines) => {
      const reader = new ReplyReader();
      for (const one of lines) {
        const reply = reader.add(one);
        if (reply === undefined || reply === 'garbage') continue;
        expect(reply.code).toBeGreaterThanOrEqual(200);
        expect(reply.code).toBeLessThan(600);
        expect(replyText(reply)).toMatch(/^[\x20-\x7e]{3,1000}$/);
        expect(replyStatus(reply)).toMatch(/^[2-5]\.\d{1,3}\.\d{1,3}$/);
        const capabilities = new Capabilities(reply);
        expect(capabilities.size).toBeGreaterThan(0);
        expect(capabilities.limit('RCPTMAX')).toBeGreaterThan(0);
      }
    }),
    { numRuns },
  );
});

const EVERYTHING: Reply = { code: 250, status: undefined, lines: ['x', 'DSN', 'SIZE', 'SMTPUTF8', '8BITMIME'] };
const nasty = fc.string({
  unit: fc.constantFrom('a', '@', '"', '<', '>', '\r', '\n', ' ', '\\', '.', '가', '\0', ';', '+', '=', '2', 'B'),
}); // prettier-ignore

test('no address and no parameter ends its command', () => {
  fc.assert(
    fc.property(nasty, nasty, nasty, (sender, recipient, extra) => {
      const capabilities = new Capabilities(EVERYTHING);
      const from = envelopeAddress(`${sender}@a.test`);
      const to = envelopeAddress(`${recipient}@b.test`);
      const mail = {
        sender: '',
        size: 1,
        body: () => new ReadableStream<Uint8Array>() as AsyncIterable<Uint8Array>,
        needs: { smtputf8: false, eightBit: false, binary: false },
        requireTls: false,
        dsn: { envid: extra },
      };
      const commands = [mailCommand({ sender: from, mail, body: '7BIT', utf8: false }, capabilities)];
      if (to) commands.push(rcptCommand(to, { address: '', dsn: { orcpt: `rfc822;${extra}` } }, capabilities));
      for (const command of commands) {
        expect(command.slice(0, -2)).not.toMatch(/[\r\n\0]/);
        expect(command).toMatch(/^(MAIL FROM|RCPT TO):<[^]*>( [A-Z]+=\S+)*\r\n$/);
      }
    }),
    { numRuns },
  );
});

test('whatever the body, only its end looks like one', async () => {
  const text = fc.string({ unit: fc.constantFrom('\r', '\n', '.', 'a', '\0'), maxLength: 30 });
  await fc.assert(
    fc.asyncProperty(text, fc.nat(30), fc.integer({ min: 1, max: 40 }), async (body, cut, block) => {
      async function* pieces(): AsyncGenerator<Buffer> {
        yield Buffer.from(body.slice(0, cut));
        yield Buffer.from(body.slice(cut));
      }
      let sent = '';
      for await (const { bytes } of framed(pieces(), { stuff: true, block })) sent += bytes.toString('latin1');
      expect(sent).toMatch(/(^|\r\n)\.\r\n$/);
      expect(sent.slice(0, -3)).not.toMatch(/(^|[\r\n])\.(?!\.)/);
      expect(sent.replaceAll('\r\n', '')).not.toMatch(/[\r\n]/);
      const lines = body.replaceAll(/\r\n|\r|\n/g, '\r\n');
      const whole = lines === '' || lines.endsWith('\r\n') ? lines : `${lines}\r\n`;
      expect(sent.slice(0, -3).replaceAll(/(^|\r\n)\.\./g, '$1.')).toBe(whole);
    }),
    { numRuns },
  );
});

test('policies of any form are read or refused', () => {
  const policy = fc.array(
    fc.oneof(
      fc.constantFrom('version: STSv1', 'mode: enforce', 'mode: none', 'max_age: 86400', 'mx: *.a.test', 'mx:', ':'),
      fc.string({ maxLength: 20 }),
    ),
  );
  fc.assert(
    fc.property(policy, fc.string(), (lines, text) => {
      const parsed = parsePolicy(lines.join('\r\n'));
      if (parsed) expect(parsed.maxAgeMs).toBeLessThanOrEqual(31_557_600_000);
      const id = stsId([`v=STSv1; ${text}`, text]);
      if (id !== undefined) expect(id).toMatch(/^[A-Za-z0-9]{1,32}$/);
    }),
    { numRuns },
  );
});
