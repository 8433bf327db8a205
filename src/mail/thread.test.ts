import { describe, expect, test } from 'vitest';
import { baseSubject, MAX_REFERENCES, messageIds, threadParents } from './thread.ts';
import { cpuMs } from '../../test/support/cpu.ts';

describe('message ids', () => {
  test.each([
    ['<a@b> <c@d>', ['<a@b>', '<c@d>']],
    ['<a@b><c@d>', ['<a@b>', '<c@d>']],
    ['<a@b>\r\n\t<c@d>', ['<a@b>', '<c@d>']],
    ["<a@b> (Bob's message of Monday)", ['<a@b>']],
    ['"Bob" <bob@example.test>\'s message', ['<bob@example.test>']],
    ['<a@b> <a@b>', ['<a@b>']],
    ['<a\r\n @b>', ['<a@b>']],
    ['<a <b@c>', ['<b@c>']],
    ['a@b', []],
    ['<', []],
    ['<>', []],
    ['><', []],
    ['', []],
  ])('%j', (value, ids) => expect(messageIds(value)).toEqual(ids));

  test('of very many the first and the last ones are kept', () => {
    const ids = messageIds(Array.from({ length: 10_000 }, (_, i) => `<${i}@x>`).join(' '));
    expect(ids).toHaveLength(MAX_REFERENCES);
    expect(ids[0]).toBe('<0@x>');
    expect(ids.at(-1)).toBe('<9999@x>');
  });

  test('In-Reply-To counts only without References', () => {
    expect(threadParents(['<a>', '<b>'], ['<c>'])).toEqual(['<a>', '<b>']);
    expect(threadParents([], ['<c>', '<d>'])).toEqual(['<c>']);
  });
});

describe('base subject (RFC 5256 §2.1)', () => {
  test.each([
    ['Meeting', 'meeting', false],
    ['Re: Meeting', 'meeting', true],
    ['RE: re : Fwd: Meeting', 'meeting', true],
    ['Re[2]: Meeting', 'meeting', true],
    ['[list] Re: [list] Meeting', 'meeting', true],
    ['[list] Meeting', 'meeting', false],
    ['[blob]', '[blob]', false],
    ['Meeting (fwd)', 'meeting', true],
    ['[Fwd: Meeting]', 'meeting', true],
    ['[Fwd: Re: Meeting (fwd)]', 'meeting', true],
    ['  Meeting \t at   ten ', 'meeting at ten', false],
    ['Regarding: x', 'regarding: x', false],
    ['Re Meeting', 're meeting', false],
    ['답장: 회의', '회의', true],
    ['회신 : 전달: 회의', '회의', true],
    ['AW: WG: Treffen', 'treffen', true],
    ['', '', false],
    ['Re:', '', true],
    ['[a][b][c]', '[c]', false],
  ])('%j is %j', (subject, text, reply) => expect(baseSubject(subject)).toEqual({ text, reply }));

  test('long nonsense takes no time', () => {
    for (const piece of ['[a]', 'Re:', '[', ']', '(fwd)', '[fwd:', 'Re['])
      expect(cpuMs(() => baseSubject(piece.repeat(100_000)))).toBeLessThan(500);
  });
});
