import fc from 'fast-check';
import { expect, test } from 'vitest';
import { add, letterOf, takeBack } from './syllable.ts';

function typed(keys: string): string {
  let [done, open] = ['', ''];
  for (const key of keys) {
    const letter = letterOf(key);
    const next = letter === undefined ? { done: open + key, open: '' } : add(open, letter);
    done += next.done;
    open = next.open;
  }
  return done + open;
}

test.each([
  ['dkssud gktpdy', '안녕 하세요'],
  ['vkqkfdl dhkTtmqslek', '파발이 왔습니다'],
  ['rkqtdl', '값이'],
  ['rkqtl', '갑시'],
  ['dlfrdj', '읽어'],
  ['ekfrl', '달기'],
  ['dnjsdmltk', '원의사'],
  ['EhR Qk', '똒 빠'],
  ['Rhcckr', '꽃착'],
  ['hk', 'ㅘ'],
  ['rr', 'ㄱㄱ'],
  ['WkE', '짜ㄸ'],
  ['Dkssud', '안녕'],
  ['1rk.', '1가.'],
])('%s is %s', (keys, text) => expect(typed(keys)).toBe(text));

test('letters go the way they came', () => {
  const steps = ['닭'];
  while (steps.at(-1) !== '') steps.push(takeBack(steps.at(-1)!));
  expect(steps).toEqual(['닭', '달', '다', 'ㄷ', '']);
  expect([takeBack('왜'), takeBack('ㅘ'), takeBack('값'), takeBack('x'), takeBack('')]).toEqual([
    '오',
    'ㅗ',
    '갑',
    '',
    '',
  ]);
});

test('whatever is typed, nothing of it is lost', () => {
  const count = (text: string) => {
    let letters = 0;
    for (const one of text) for (let open = one; open !== ''; open = takeBack(open)) letters += 1;
    return letters;
  };
  const key = fc.constantFrom(...'qwertyuiopasdfghjklzxcvbnmQWERTOP'.split(''));
  fc.assert(
    fc.property(fc.array(key, { maxLength: 30 }), (keys) => {
      expect(count(typed(keys.join('')))).toBe(keys.length);
    }),
    { numRuns: 500 },
  );
});
