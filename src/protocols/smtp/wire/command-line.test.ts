import { expect, test } from 'vitest';
import { parseCommandLine, parseParameters, pathStart } from './command-line.ts';

test('command lines', () => {
  expect(parseCommandLine(Buffer.from('mail FROM:<a@b>  '))).toEqual({ verb: 'MAIL', argument: 'FROM:<a@b>' });
  expect(parseCommandLine(Buffer.from('QUIT'))).toEqual({ verb: 'QUIT', argument: '' });
  expect(parseCommandLine(Buffer.from(''))).toEqual({ verb: '', argument: '' });
  for (const wrong of ['a\0b', 'a\tb', 'a\x7f', 'a\x1b[m', 'a\u0085'])
    expect(parseCommandLine(Buffer.from(wrong))).toBeUndefined();
  for (const wrong of [[0xc0, 0x80], [0xed, 0xa0, 0x80], [0xff], [0x41, 0xe0]])
    expect(parseCommandLine(Buffer.from(wrong))).toBeUndefined();
});

test('parameters', () => {
  expect([...(parseParameters(' SIZE=10 smtputf8  BODY=8BITMIME') ?? [])]).toEqual([
    ['SIZE', '10'],
    ['SMTPUTF8', ''],
    ['BODY', '8BITMIME'],
  ]);
  for (const wrong of ['x', ' A=', ' =a', ' A=b=c', ' A A', ' -A', ' __proto__=1'])
    expect(parseParameters(wrong)).toBeUndefined();
  expect(pathStart('from: <a>', 'FROM')).toBe(6);
  expect(pathStart('FROM<a>', 'FROM')).toBeUndefined();
});
