import { describe, expect, test } from 'vitest';
import { GONE } from '../../downmail/gone.ts';
import { inLanguage, languageFor } from './languages.ts';
import { ERROR_WORDS } from './reply.ts';

describe('the words of replies', () => {
  test('figures, keywords and response codes stay what they are', () => {
    expect(inLanguage('3 messages (71 octets)', 'ko')).toBe('메일 3통 (71옥텟)');
    expect(inLanguage('[AUTH] Sign in over TLS: say STLS first', 'ko')).toBe(
      '[AUTH] TLS로 로그인하세요: 먼저 STLS 명령을 보내세요',
    );
    expect(inLanguage('RETR does not take that', 'ko')).toBe('RETR 명령에 쓸 수 없는 인수입니다');
    expect(inLanguage('[IN-USE] Another POP3 session has this mailbox', 'ko')).toMatch(/^\[IN-USE\] 다른 POP3 세션/);
    expect(inLanguage('There is no message 7', 'en')).toBe('There is no message 7');
  });

  test('what there are no words for stays', () => {
    for (const text of ['3 71', '', '1 100.7', 'Something new']) expect(inLanguage(text, 'ko')).toBe(text);
  });

  test.each([...Object.values(ERROR_WORDS), ...Object.values(GONE)])('%s has Korean words', (text) => {
    expect(inLanguage(text, 'ko')).not.toBe(text);
  });

  test('ranges', () => {
    expect(['ko', 'KO-kr', 'en-GB', '*', 'de', '', '-', 'kok'].map(languageFor)).toEqual([
      'ko',
      'ko',
      'en',
      'en',
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
  });
});
