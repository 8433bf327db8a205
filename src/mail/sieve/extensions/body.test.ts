/** RFC 5173: what the parts of a mail say. */
import { describe, expect, test } from 'vitest';
import { holds, run } from '../../../../test/support/sieve.ts';

describe('body (RFC 5173)', () => {
  const mail = [
    'Content-Type: multipart/mixed; boundary=b',
    '',
    'before the parts',
    '--b',
    'Content-Type: text/html; charset=utf-8',
    'Content-Transfer-Encoding: base64',
    '',
    Buffer.from('<p>안녕 <b>Bob</b></p>').toString('base64'),
    '--b',
    'Content-Type: message/rfc822',
    '',
    'Subject: inside',
    '',
    'inner text',
    '--b',
    'Content-Type: application/octet-stream',
    'Content-Transfer-Encoding: base64',
    '',
    Buffer.from('MAGIC').toString('base64'),
    '--b--',
    'after the parts',
    '',
  ].join('\n');

  test.each([
    ['body :contains "안녕 bob"', true],
    ['body :text :contains "<b>"', false],
    ['body :contains "inner"', true],
    ['body :contains "magic"', false],
    ['body :contains "before"', false],
    ['body :raw :contains "--b--"', true],
    ['body :raw :contains "안녕"', false],
    ['body :content "text/html" :contains "<b>Bob"', true],
    ['body :content "text" :contains "inner text"', true],
    ['body :content "application" :contains "MAGIC"', true],
    ['body :content ["image", "application/octet-stream"] :is "MAGIC"', true],
    ['body :content "multipart" :contains "before the parts"', true],
    ['body :content "multipart/mixed" :contains "after"', true],
    ['body :content "message/rfc822" :contains "Subject: inside"', true],
    ['body :content "message" :contains "inner"', false],
    ['body :content "" :contains "magic"', true],
    ['body :matches "*bob*"', true],
    ['body :regex "안녕 +B.b"', true],
  ])('%s', async (script, expected) => {
    expect(await holds(script, mail)).toBe(expected);
  });

  test('an empty body has nothing in it', async () => {
    expect(await holds('body :raw :contains ""', 'X: y\n\n')).toBe(true);
    expect(await holds('body :contains "x"', 'X: y\n\n')).toBe(false);
  });

  test('sets no match variables', async () => {
    const script =
      'require ["body", "variables", "fileinto"]; if header :matches "subject" "*at*" {} if body :matches "*" {} fileinto "${2}";';
    expect(await run(script)).toEqual(['fileinto  three']);
  });
});
