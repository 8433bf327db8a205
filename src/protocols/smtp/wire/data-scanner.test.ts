import { expect, test } from 'vitest';
import { DataScanner, NewlineCheck } from './data-scanner.ts';

function scan(pieces: readonly string[]) {
  const scanner = new DataScanner();
  let body = '';
  let rest = '';
  for (const piece of pieces) {
    const bytes = Buffer.from(piece, 'latin1');
    const used = scanner.done
      ? 0
      : scanner.scan(bytes, { append: (b, start, end) => (body += b.toString('latin1', start, end)) });
    rest += bytes.toString('latin1', used);
  }
  return { body, rest, done: scanner.done, bare: scanner.bareNewline };
}

/** Every cut into three. */
function* cuts(text: string): Generator<string[]> {
  for (let i = 0; i <= text.length; i++)
    for (let j = i; j <= text.length; j++) yield [text.slice(0, i), text.slice(i, j), text.slice(j)];
}

test.each([
  ['a\r\n.\r\nQUIT', 'a\r\n', 'QUIT'],
  ['.\r\nx', '', 'x'],
  ['..\r\n.\r\n', '.\r\n', ''],
  ['...a\r\n.b\r\n.\r\n', '..a\r\nb\r\n', ''],
  ['a.\r\n.\r\n.\r\n', 'a.\r\n', '.\r\n'],
  ['\r\n\r\n.\r\n', '\r\n\r\n', ''],
  ['\0\t\x0b\r\n.\0\r\n.\r\n', '\0\t\x0b\r\n\0\r\n', ''],
])('%j in any pieces', (text, body, rest) => {
  for (const pieces of cuts(text)) expect(scan(pieces)).toEqual({ body, rest, done: true, bare: false });
});

test.each([
  'a\n.\n',
  'a\n.\r\n',
  'a\r\n.\n',
  'a\r.\r',
  'a\r\n.\r',
  'a\r.\r\n',
  'a\n.\r',
  'a\r\r\n.\r\r\n',
  '.\n',
  '\n',
  'a\r\n.\rb\r\n',
])('%j never ends a message, and is a fault', (text) => {
  for (const pieces of cuts(`${text}MAIL\r\n`))
    expect(scan(pieces)).toMatchObject({ done: false, rest: '', bare: true });
  for (const pieces of cuts(`${text}MAIL\r\n.\r\nQUIT`))
    expect(scan(pieces)).toMatchObject({ done: true, rest: 'QUIT', bare: true });
});

test('bare newlines in chunks', () => {
  const bare = (...pieces: string[]): boolean => {
    const check = new NewlineCheck();
    for (const piece of pieces) check.add(Buffer.from(piece, 'latin1'));
    return check.bareNewline;
  };
  expect(bare('a\r\nb\t\r\n\r\n')).toBe(false);
  expect(bare('a\r', '\n')).toBe(false);
  for (const text of ['a\nb', 'a\rb', 'a\r\r\n', '\n', '\r', 'a\r\n\n'])
    for (const pieces of cuts(text)) expect(bare(...pieces)).toBe(true);
});
