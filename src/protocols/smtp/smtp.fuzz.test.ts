import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { SmtpHarness } from '../../../test/smtp/harness.ts';
import { startSmtp } from '../../../test/smtp/harness.ts';
import { ScriptConnection } from '../../../test/support/script-connection.ts';
import type { Connection } from '../../net/connection.ts';
import { ConnectionError } from '../../net/error.ts';
import { InputBuffer } from '../../net/input.ts';
import { parseProxyHeader } from '../../net/proxy.ts';
import { SaslError } from '../../net/sasl-error.ts';
import { saslSignIn } from '../../net/sasl.ts';
import { parseCommandLine, parseParameters, pathStart } from './wire/command-line.ts';
import { DataScanner, NewlineCheck } from './wire/data-scanner.ts';

const runs = { numRuns: Number(process.env['FUZZ_RUNS'] ?? 20_000) };

const bytes = fc.uint8Array({ maxLength: 200 }).map((a) => Buffer.from(a));
const salad = fc
  .array(
    fc.constantFrom(
      '\r',
      '\n',
      '\r\n',
      '.',
      '..',
      'a',
      ' ',
      '\0',
      '<',
      '>',
      '@',
      '"',
      '\\',
      ':',
      '=',
      'FROM:',
      'TO:',
      'é',
    ),
    { maxLength: 40 },
  )
  .map((parts) => Buffer.from(parts.join('')));

/** Cuts into pieces. */
const cut = (whole: Buffer, at: readonly number[]): Buffer[] => {
  const points = [0, ...at.map((n) => n % (whole.length + 1)).toSorted((a, b) => a - b), whole.length];
  return points.slice(1).map((end, i) => whole.subarray(points[i], end));
};
const cuts = fc.array(fc.nat(1000), { maxLength: 6 });

test('command lines: never a fault, never a control character', () => {
  fc.assert(
    fc.property(fc.oneof(bytes, salad), (line) => {
      const parsed = parseCommandLine(line);
      if (parsed === undefined) return;
      expect(/[\0-\x1f\x7f-\x9f]/.test(`${parsed.verb}${parsed.argument}`)).toBe(false);
      for (const word of ['FROM', 'TO'] as const) pathStart(parsed.argument, word);
      parseParameters(` ${parsed.argument}`);
    }),
    runs,
  );
});

test('lines come out the same wherever the stream is cut', () => {
  const lines = (pieces: readonly Buffer[], strict: boolean): string[] => {
    const input = new InputBuffer();
    const out: string[] = [];
    for (const piece of pieces) {
      input.push(piece);
      for (;;) {
        const line = input.takeLine(30, strict);
        if (line === 'line-too-long') return [...out, line];
        if (line === undefined) break;
        out.push(line.toString('latin1'));
      }
    }
    return out;
  };
  fc.assert(
    fc.property(salad, cuts, fc.boolean(), (whole, at, strict) => {
      const cutLines = lines(cut(whole, at), strict);
      const all = lines([whole], strict);
      // Too long may be noticed before the end of the line has come, never after.
      expect(cutLines).toEqual(
        all.at(-1) === 'line-too-long' || cutLines.at(-1) !== 'line-too-long' ? all : [...all, 'line-too-long'],
      ); // prettier-ignore
    }),
    runs,
  );
});

/** What DATA means, written down as plainly as possible. */
function plainData(text: string): { body: string; rest: string } | 'bare' | 'open' {
  const at = text.startsWith('.\r\n') ? 0 : text.indexOf('\r\n.\r\n') + 2;
  const end = at === 1 ? -1 : at;
  const content = end === -1 ? text : text.slice(0, end);
  if (end === -1) return /(?<!\r)\n|\r(?!\n|$)/.test(content) ? 'bare' : 'open';
  if (/(?<!\r)\n|\r(?!\n)/.test(content)) return 'bare';
  return { body: content.replace(/(^|\r\n)\./g, '$1'), rest: text.slice(end + 3) };
}

test('DATA agrees with its plain description, wherever it is cut', () => {
  fc.assert(
    fc.property(salad, cuts, (whole, at) => {
      const scanner = new DataScanner();
      let body = '';
      let rest = '';
      for (const piece of cut(whole, at)) {
        const used = scanner.done
          ? 0
          : scanner.scan(piece, { append: (b, s, e) => (body += b.toString('latin1', s, e)) });
        rest += piece.toString('latin1', used);
      }
      const plain = plainData(whole.toString('latin1'));
      if (plain === 'bare') expect(scanner.bareNewline).toBe(true);
      else if (plain === 'open') expect([scanner.done, scanner.bareNewline]).toEqual([false, false]);
      else
        expect({ body, rest, done: scanner.done, bare: scanner.bareNewline }).toEqual({
          ...plain,
          done: true,
          bare: false,
        });
    }),
    runs,
  );
});

test('bare newlines in BDAT, wherever it is cut', () => {
  fc.assert(
    fc.property(salad, cuts, (whole, at) => {
      const check = new NewlineCheck();
      for (const piece of cut(whole, at)) check.add(piece);
      expect(check.bareNewline).toBe(/(?<!\r)\n|\r(?!\n)/.test(whole.toString('latin1')));
    }),
    runs,
  );
});

/** Parts of SCRAM's messages in some order, in base64. */
const scramLike = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        'n',
        'y',
        'p=tls-exporter',
        '',
        'n=user',
        'r=abc',
        'a=user',
        'c=biws',
        `p=${'A'.repeat(43)}=`,
        'm=x',
        'x=y',
      ),
      fc.string(),
    ),
    { maxLength: 8 },
  )
  .map((parts) => Buffer.from(parts.join(',')).toString('base64'));

test('PROXY headers and SASL: an answer or a refusal, nothing else', async () => {
  const signature = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1');
  const header = fc.oneof(
    bytes,
    bytes.map((b) => Buffer.concat([signature, b])),
    salad.map((b) => Buffer.concat([Buffer.from('PROXY '), b])),
  );
  fc.assert(
    fc.property(header, (b) => {
      const parsed = parseProxyHeader(b);
      if (parsed !== undefined && parsed !== 'malformed') expect(parsed.length).toBeLessThanOrEqual(b.length);
    }),
    runs,
  );
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom('PLAIN', 'LOGIN', 'SCRAM-SHA-256', 'SCRAM-SHA-256-PLUS', 'x'),
      fc.option(fc.oneof(fc.base64String(), fc.string(), scramLike), { nil: undefined }),
      fc.oneof(
        bytes,
        scramLike.map((text) => Buffer.from(text)),
      ),
      async (mechanism, initial, line) => {
        try {
          await saslSignIn(mechanism, initial, () => line, {
            channel: { channelBinding: () => Buffer.alloc(32) },
            mechanisms: ['PLAIN', 'LOGIN', 'SCRAM-SHA-256', 'SCRAM-SHA-256-PLUS'],
            password: async (address, password) => expect(address !== '' && password !== '').toBe(true),
            scram: async (name) => {
              expect(name).not.toBe('');
              const prove = () => Promise.reject(new SaslError('aborted'));
              return { salt: Buffer.alloc(16), iterations: 4096, nonce: '', prove };
            },
          });
        } catch (error) {
          expect(error).toBeInstanceOf(SaslError);
        }
      },
    ),
    { numRuns: Math.min(runs.numRuns, 200_000) },
  ); // prettier-ignore
});

let smtp: SmtpHarness;
beforeAll(async () => {
  smtp = await startSmtp({ limits: { messageSize: 3000 } });
});
afterAll(() => smtp[Symbol.asyncDispose]());

const content = fc
  .array(fc.constantFrom('x', 'Subject: y\r\n', '\r\n', '.', '\n', '\r', 'MAIL FROM:<e@x>\r\n', 'z'.repeat(700)), {
    maxLength: 8,
  })
  .map((p) => p.join('')); // prettier-ignore
const step = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.constantFrom('EHLO a\r\n', 'MAIL FROM:<a@b>\r\n', 'RCPT TO:<alice@example.test>\r\n', 'RSET\r\n'),
  }, // prettier-ignore
  { weight: 2, arbitrary: content.map((c) => `DATA\r\n\0WAIT${c}\r\n.\r\n`) },
  {
    weight: 2,
    arbitrary: fc.tuple(content, fc.boolean()).map(([c, last]) => `BDAT ${c.length}${last ? ' LAST' : ''}\r\n${c}`),
  }, // prettier-ignore
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      'BDAT 99999999999\r\n',
      'BDAT x\r\n',
      'HELO\r\n',
      'STARTTLS x\r\n',
      'NOOP\r\n',
      'QUIT\r\n',
      'RCPT TO:<x@y>\r\n',
      '\r\n',
      '\0\r\n',
    ),
  }, // prettier-ignore
  { weight: 1, arbitrary: salad.map((b) => b.toString()) },
);

/** How far an honest client comes before it goes mad: what follows is worth little to a session that knows nobody. */
const opening = fc.constantFrom(
  '',
  'EHLO a\r\n',
  'EHLO a\r\nMAIL FROM:<a@b>\r\nRCPT TO:<alice@example.test>\r\n\0WAIT',
);

/** The client's bytes in the pieces in which they arrive: what follows `\0WAIT` comes once the server wants more. */
function arriving(steps: readonly string[], at: readonly number[]): Buffer[] {
  return steps
    .join('')
    .split('\0WAIT')
    .flatMap((text) => cut(Buffer.from(text), at));
}

async function converse(pieces: readonly Buffer[]): Promise<ScriptConnection> {
  const { protocol } = smtp;
  const connection = new ScriptConnection(...pieces);
  connection.secure = false;
  connection.lineLimit = protocol.options.lineLimit;
  try {
    await protocol.serve(connection as unknown as Connection);
  } catch (error) {
    if (!(error instanceof ConnectionError)) throw error;
    if (error.fault !== 'closed' && error.fault !== 'tls') connection.write(protocol.farewell(error.fault));
  }
  return connection;
}

test(
  'sessions: replies in form, never a fault of ours, never a smuggled mail',
  async () => {
    let taken = 0;
    await fc.assert(
      fc.asyncProperty(opening, fc.array(step, { maxLength: 14 }), cuts, async (first, steps, at) => {
        const { output, errors } = await converse(arriving([first, ...steps], at));
        for (const line of output.split('\r\n').slice(0, -1)) expect(line).toMatch(/^[2345]\d\d[ -][\x20-\x7e]+$/);
        expect(output).not.toMatch(/^4\d\d 4\.3\.0/m);
        expect(errors).toEqual([]);
        for (const { raw, sender } of smtp.accepted) {
          expect(raw.length).toBeLessThanOrEqual(3000);
          expect(['a@b', 'e@x']).toContain(sender);
        }
        taken += smtp.accepted.length;
        smtp.accepted.length = 0;
      }),
      runs,
    );
    // It is no use to fuzz what never gets anywhere.
    expect(taken).toBeGreaterThan(runs.numRuns / 20);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  },
  runs.numRuns * 5 + 60_000,
);
