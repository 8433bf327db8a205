import { expect, test } from 'vitest';
import { createLog, printable } from './log.ts';

function collect() {
  const lines: string[] = [];
  const log = createLog({ level: 'info', destination: { write: (line: string) => void lines.push(line) } });
  return { lines, log };
}

test('outside text cannot forge a record, move the cursor or reverse text (F23)', () => {
  const { lines, log } = collect();
  const nasty = 'a\r\n{"level":"info"}\u001b[2J\u009b2J\u2028\u202ec\u007f';
  log.info({ helo: nasty, nested: { subject: nasty } }, nasty);
  expect(lines).toHaveLength(1);
  expect(lines[0]).toMatch(/^[\x20-\x7e]+\n$/);
  const record = JSON.parse(lines[0] as string) as Record<string, unknown>;
  expect(record['helo']).toBe(nasty);
  expect(record['msg']).toBe(nasty);
});

test('secrets are never written', () => {
  const { lines, log } = collect();
  const facts = { password: 'canary-1', user: { token: 'canary-2', address: 'a@b' }, authorization: 'canary-3' };
  log.info(facts, 'sign-in');
  log.warn({ err: Object.assign(new Error('refused'), { credentials: 'canary-4', code: 'E1' }) }, 'error');
  log.warn(Object.assign(new Error('alone'), { secret: 'canary-5' }));
  expect(lines.join('')).not.toContain('canary');
  expect(lines.join('')).toContain('a@b');
  expect(lines.join('')).toMatch(/"refused".*"E1"/s);
  expect(lines.join('')).toContain('alone');
  // What was given is not changed.
  expect(facts.user.token).toBe('canary-2');
});

test('printable cuts and replaces', () => {
  expect(printable('가b\u0000c', 3)).toBe('?b?');
});
