import { expect, test } from 'vitest';
import { completed, formOf, formsOf, hasPiece, piecesOf, toggled, typedWord, without } from './terms.ts';

test('pieces are what stands between blanks and in quotes', () => {
  expect(piecesOf('from:"Bora Kim"  lunch "next week" x')).toEqual(['from:"Bora Kim"', 'lunch', '"next week"', 'x']);
  expect(piecesOf(' ')).toEqual([]);
});

test('forms are told from words with a colon, in both languages', () => {
  expect(formsOf('re: 10:30 http://x -is:unread 첨부:있음 보낸사람:보라 in:"My folder" from:')).toEqual([
    '-is:unread',
    '첨부:있음',
    '보낸사람:보라',
    'in:"My folder"',
  ]);
});

test('a form comes and goes, and nothing else changes', () => {
  expect(toggled('lunch', 'has:attachment')).toBe('lunch has:attachment');
  expect(toggled('Has:Attachment lunch', 'has:attachment')).toBe('lunch');
  expect(hasPiece('in:"A b" x', 'in:"a b"')).toBe(true);
  expect(without('a from:x b', 'from:x')).toBe('a b');
});

test('the word at the end is completed where it stands', () => {
  expect([typedWord('from:x 김'), typedWord('lunch '), typedWord('in:inb'), typedWord('"half a')]).toEqual([
    '김',
    '',
    '',
    '',
  ]);
  expect(completed('is:unread bor', 'from:bora@x.test')).toBe('is:unread from:bora@x.test ');
  expect(completed('is:unread ', 'x')).toBe('is:unread x ');
  expect(formOf('in', 'My "own" folder')).toBe('in:"My  own  folder"');
});
