import { describe, expect, test } from 'vitest';
import { Regex } from './regex.ts';

const free = (): void => undefined;
const match = (pattern: string, text: string, ignoreCase = false): string[] | undefined =>
  new Regex(pattern, ignoreCase).match(text, true, free);

describe('POSIX extended regular expressions', () => {
  test.each([
    ['abc', 'xabcx', ['abc']],
    ['^abc$', 'xabc', undefined],
    ['a.c', 'a한c', ['a한c']],
    ['a*', 'baaa', ['']],
    ['ba*', 'cbaaa', ['baaa']],
    ['ab+c?', 'abbc', ['abbc']],
    ['(ab|abcd)e?', 'abcde', ['abcde', 'abcd']],
    ['(a)|(b)', 'b', ['b', '', 'b']],
    ['a{2}', 'aaa', ['aa']],
    ['a{2,}', 'aaaa', ['aaaa']],
    ['a{2,3}b', 'aaaab', ['aaab']],
    ['[a-c]+', 'xxbcax', ['bca']],
    ['[^a-c]+', 'abxyc', ['xy']],
    ['[]a]+', 'x]a', [']a']],
    ['[a-]+', 'b-a', ['-a']],
    ['[[:digit:]]+', 'ab123', ['123']],
    ['[[:upper:][:space:]]+', 'abC D', ['C D']],
    ['[[.-.][=a=]]+', 'b-a', ['-a']],
    ['\\.\\*', 'a.*', ['.*']],
    ['(a(b(c)))', 'abc', ['abc', 'abc', 'bc', 'c']],
    ['(a|b)*', 'abba', ['abba', 'a']],
    ['(a*)*', 'aa', ['aa', 'aa']],
    ['()', 'x', ['', '']],
    ['', 'x', ['']],
    ['a||b', 'b', ['b']],
    ['x$', 'x\n', undefined],
    ['😀{2}', '😀😀', ['😀😀']],
    ['^(.*)@(.*)\\.example$', 'a@b.example', ['a@b.example', 'a', 'b']],
  ])('%s on %j', (pattern, text, expected) => {
    expect(match(pattern, text)).toEqual(expected);
  });

  test('upper and lower case are the same where that is asked for', () => {
    expect(match('HeL[a-m]o', 'hello', true)).toEqual(['hello']);
    expect(match('[^A]', 'a', true)).toBeUndefined();
    expect(match('HELLO', 'hello')).toBeUndefined();
  });

  test.each(['(', ')', '[', '[a', 'a{', 'a{2', 'a{3,2}', 'a{256}', '*a', '+', 'a|*', '\\', '[[:foo:]]', '[b-a]'])(
    'not %s',
    (pattern) => {
      expect(() => new Regex(pattern, false)).toThrow(Error);
    },
  );

  test('too much of one is refused', () => {
    expect(() => new Regex('(((a{200}){200}){200}){200}', false)).toThrow('too complicated');
    expect(() => new Regex('a{0}{255}{255}{255}{255}{255}{255}', false)).not.toThrow();
    expect(() => new Regex('('.repeat(200), false)).toThrow('nested');
    expect(() => new Regex('a*'.repeat(3_000), false)).toThrow('longer than');
    expect(() => new Regex(`a${'*'.repeat(100)}`, false)).toThrow('repetitions of repetitions');
  });

  test('work grows with text times expression, whatever they are (C17)', () => {
    let work = 0;
    const charge = (more: number): void => {
      work += more;
    };
    const text = 'a'.repeat(2_000);
    expect(new Regex('(a*)*(a|aa)+(a?){20}b', false).match(text, true, charge)).toBeUndefined();
    expect(work).toBeLessThan(2_000 * 300 * 2);
    const stop = (): void => {
      throw new Error('enough');
    };
    expect(() => new Regex('a', false).match(text, false, stop)).toThrow('enough');
  });

  test('the ninth group is the last that is told', () => {
    expect(match('(a)(b)(c)(d)(e)(f)(g)(h)(i)(j)', 'abcdefghij')).toHaveLength(10);
  });
});
