/** Every state × everything that goes wrong in it × every command after that, against a model of the session (D8, G14). */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { WireClient } from '../../../test/client/wire.ts';
import type { SmtpHarness } from '../../../test/smtp/harness.ts';
import { startSmtp } from '../../../test/smtp/harness.ts';

const LIMIT = 200;
const BIG = `${'x'.repeat(LIMIT)}\r\n`;

interface Model {
  hello: '' | 'HELO' | 'EHLO';
  mail: boolean;
  binary: boolean;
  recipients: number;
  chunks: boolean;
  size: number;
  bare: boolean;
}

const fresh = (hello: Model['hello']): Model => ({
  hello,
  mail: false,
  binary: false,
  recipients: 0,
  chunks: false,
  size: 0,
  bare: false,
});

/** A command as it goes over the wire, and what the model says to it (changing as it should). */
interface Move {
  readonly line: string;
  /** After a 354. */
  readonly content?: string;
  readonly judge: (m: Model) => number | readonly [354, number];
}

function forget(m: Model): void {
  Object.assign(m, fresh(m.hello));
}

const mail = (argument: string, good: (m: Model) => number, binary = false): Move => ({
  line: `MAIL FROM:${argument}`,
  judge(m) {
    if (m.hello === '' || m.mail) return 503;
    const code = good(m);
    if (code === 250) Object.assign(m, { mail: true, binary });
    return code;
  },
});
const needsEhlo = (code: number) => (m: Model) => (m.hello === 'EHLO' ? code : 555);

const rcpt = (argument: string, code: number): Move => ({
  line: `RCPT TO:${argument}`,
  judge(m) {
    if (!m.mail || m.chunks) return 503;
    if (code === 250) m.recipients++;
    return code;
  },
});

const data = (content: string, code: number): Move => ({
  line: 'DATA',
  content: `${content}.\r\n`,
  judge(m) {
    if (!m.mail || m.chunks) return 503;
    if (m.recipients === 0) return 554;
    if (m.binary) return 503;
    forget(m);
    return [354, code];
  },
});

const bdat = (content: string, last: boolean): Move => ({
  line: `BDAT ${content.length}${last ? ' LAST' : ''}\r\n${content}`.replace(/\r\n$/, (end) =>
    content === '' ? '' : end,
  ),
  judge(m) {
    if (!m.mail) return 503;
    if (m.recipients === 0) return 554;
    m.chunks = true;
    m.size += content.length;
    if (/(?<!\r)\n|\r(?!\n)/.test(content)) m.bare = true;
    const code = m.size > LIMIT ? 552 : last && m.bare && !m.binary ? 554 : 250;
    if (last || code !== 250) forget(m);
    return code;
  },
});

const hello = (verb: 'HELO' | 'EHLO', name: string): Move => ({
  line: `${verb} ${name}`.trim(),
  judge(m) {
    if (name !== 'client.test') return 501;
    Object.assign(m, fresh(verb));
    return 250;
  },
});
const always = (line: string, code: number): Move => ({ line, judge: () => code });
const rset: Move = { line: 'RSET', judge: (m) => (forget(m), 250) };
const placed = (line: string, code: number): Move => ({ line, judge: (m) => (m.hello === '' || m.mail ? 503 : code) });

const MAIL = mail('<a@b.test>', () => 250);
const RCPT = rcpt('<alice@example.test>', 250);
const EHLO = hello('EHLO', 'client.test');

const SETUPS: Record<string, readonly Move[]> = {
  'nothing said': [],
  HELO: [hello('HELO', 'client.test')],
  EHLO: [EHLO],
  'HELO, MAIL': [hello('HELO', 'client.test'), MAIL],
  MAIL: [EHLO, MAIL],
  'MAIL in BINARYMIME': [EHLO, mail('<> BODY=BINARYMIME', needsEhlo(250), true)],
  RCPT: [EHLO, MAIL, RCPT],
  'RCPT in BINARYMIME': [EHLO, mail('<> BODY=BINARYMIME', needsEhlo(250), true), RCPT],
  'one chunk': [EHLO, MAIL, RCPT, bdat('a: b\r\n', false)],
  'half a line end': [EHLO, MAIL, RCPT, bdat('a\r\n\r', false)],
  'after a mail': [EHLO, MAIL, RCPT, data('x\r\n', 250)],
  'after RSET': [EHLO, MAIL, RCPT, rset],
};

const ERRORS: readonly Move[] = [
  hello('EHLO', ''),
  hello('HELO', '(x)'),
  mail('a@b.test', () => 501),
  mail(`<a@b.test> SIZE=${LIMIT + 1}`, needsEhlo(552)),
  mail('<a@b.test> X=1', () => 555),
  mail('<사람@b.test>', () => 550),
  mail('<a@b.test> BODY=9BIT', needsEhlo(501)),
  MAIL,
  rcpt('<nobody@example.test>', 550),
  rcpt('<x@elsewhere.test>', 550),
  rcpt('<full@example.test>', 452),
  rcpt('<451@mail.test>', 451),
  rcpt('alice', 501),
  rcpt('<alice@example.test> NOTIFY=NEVER', 555),
  rcpt('<사서함@example.test>', 553),
  data(BIG, 552),
  bdat(BIG, false),
  bdat(BIG, true),
  bdat('a\nb', true),
  bdat('QUIT\r\n', false),
  always('DATA now', 0),
  always('AUTH PLAIN =', 500),
  always('EXPN x', 502),
  always('NONSENSE', 500),
  always('QUIT now', 501),
  always('RSET now', 501),
  always('VRFY', 501),
  always('NOOP \u0001', 500),
  placed('STARTTLS now', 501),
]; // prettier-ignore

const NEXT: readonly Move[] = [
  EHLO,
  hello('HELO', 'client.test'),
  MAIL,
  mail('<> BODY=BINARYMIME', needsEhlo(250), true),
  RCPT,
  data('a: b\r\n\r\nc\r\n', 250),
  bdat('a: b\r\n', false),
  bdat('a: b\r\n', true),
  bdat('', true),
  rset,
  always('NOOP', 250),
  always('VRFY x', 252),
]; // prettier-ignore

let smtp: SmtpHarness;
beforeAll(async () => {
  smtp = await startSmtp({ limits: { errors: 1e9, junk: 1e9, messageSize: LIMIT } });
});
afterAll(() => smtp[Symbol.asyncDispose]());

async function code(wire: WireClient): Promise<number> {
  for (;;) {
    const line = await wire.line();
    if (line[3] !== '-') return Number(line.slice(0, 3));
  }
}

async function play(wire: WireClient, moves: readonly Move[]): Promise<void> {
  const model = fresh('');
  for (const move of moves) {
    // 'DATA now': out of place where DATA is, else an argument too many.
    const expected = move.line === 'DATA now' ? (!model.mail || model.chunks ? 503 : 501) : move.judge(model);
    await wire.write(move.line.endsWith('\r\n') || /^BDAT [1-9]/.test(move.line) ? move.line : `${move.line}\r\n`);
    const story = moves.map(({ line }) => JSON.stringify(line)).join(' ');
    const [first, second] = typeof expected === 'number' ? [expected] : expected;
    expect([story, move.line, await code(wire)]).toEqual([story, move.line, first]);
    if (second === undefined) continue;
    await wire.write(move.content ?? '');
    expect([story, move.line, await code(wire)]).toEqual([story, move.line, second]);
  }
}

test.each(Object.keys(SETUPS))('%s, then each error, then each command', async (name) => {
  const setup = SETUPS[name] ?? [];
  let cells = 0;
  const before = smtp.accepted.length;
  for (const error of ERRORS) {
    let wire: WireClient | undefined;
    for (const next of NEXT) {
      // Only a new connection has nothing said; else EHLO, the first of each setup, begins anew.
      if (wire === undefined || setup.length === 0) {
        wire = await smtp.connect();
        await wire.line();
      }
      await play(wire, [...setup, error, next, RCPT, bdat('', true), MAIL]);
      cells++;
      if (setup.length === 0) wire.destroy();
    }
    wire?.destroy();
  }
  expect(cells).toBe(ERRORS.length * NEXT.length);
  for (const { raw } of smtp.accepted.slice(before)) expect(raw.toString()).not.toContain('QUIT\r\nQUIT');
});

test('the table is large enough', () => {
  expect(Object.keys(SETUPS).length * ERRORS.length * NEXT.length).toBeGreaterThan(4_000);
});
