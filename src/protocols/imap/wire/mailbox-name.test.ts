import { describe, expect, test } from 'vitest';
import { canonicalPath, decodeMailboxName, encodeMailboxName } from './mailbox-name.ts';

describe('modified UTF-7', () => {
  test('spells names as RFC 3501 §5.1.3 does', () => {
    expect(encodeMailboxName('~peter/mail/台北/日本語')).toBe('~peter/mail/&U,BTFw-/&ZeVnLIqe-');
    expect(decodeMailboxName('~peter/mail/&U,BTFw-/&ZeVnLIqe-')).toBe('~peter/mail/台北/日本語');
    expect(encodeMailboxName('A & B')).toBe('A &- B');
    expect(decodeMailboxName('A &- B')).toBe('A & B');
    expect(encodeMailboxName('받은 편지함')).toBe('&vBvHQA- &07jJwNVo-');
    expect(decodeMailboxName(encodeMailboxName('🦔'))).toBe('🦔');
  });

  test.each([
    ['a letter that needs no base64', '&AGE-'],
    ['an unterminated shift', '&U,BTFw'],
    ['a lone ampersand', '&'],
    ['lone surrogates', '&2D3YPQ-'],
    ['a lone high surrogate', '&2D0-'],
    ['half a character', '&U,A-x&-&U-'],
    ['bits left over', '&U,B-'],
    ['two shifts where one is enough', '&U,A-&U,A-'],
    ['raw UTF-8 bytes', 'caf\u00c3\u00a9'],
    ['a control character', 'a\u0001'],
    ['a character outside base64', '&U.A-'],
  ])('refuses %s (E6)', (_what, wire) => {
    expect(decodeMailboxName(wire)).toBeUndefined();
  });

  test('twins by normal form and INBOX in any case are one path (E6)', () => {
    expect(canonicalPath('Cafe\u0301')).toBe('Café');
    expect(canonicalPath('inBox')).toBe('INBOX');
    expect(canonicalPath('inbox/x')).toBe('INBOX/x');
    expect(canonicalPath('inboxes')).toBe('inboxes');
  });
});
