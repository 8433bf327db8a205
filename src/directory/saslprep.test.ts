import { expect, test } from 'vitest';
import { saslPrepared } from './saslprep.ts';

// The first five: RFC 4013 §3.
test.each([
  ['I\u00adX', 'IX'],
  ['user', 'user'],
  ['USER', 'USER'],
  ['\u00aa', 'a'],
  ['\u2168', 'IX'],
  ['pa\u00a0ss', 'pa ss'],
  ['e\u0301', '\u00e9'],
  ['비밀번호', '비밀번호'],
  ['비밀'.normalize('NFD'), '비밀'],
  ['\u{1f511}', '\u{1f511}'],
])('%j counts as %j', (given, expected) => {
  expect(saslPrepared(given)).toBe(expected);
});

test.each(['\u0007', 'a\0', '', '\u00ad', 'a\u200eb', '\ue000', '\ud800', '\uffff', '\ufffd'])(
  '%j is not sent',
  (given) => {
    expect(saslPrepared(given)).toBeUndefined();
  },
);
