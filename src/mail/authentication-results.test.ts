import { describe, expect, it } from 'vitest';
import { authservIdOf, formatAuthenticationResults, parseAuthenticationResults } from './authentication-results.ts';
import { unfold } from './words.ts';

const parse = (value: string) => parseAuthenticationResults(unfold(value));

describe('Authentication-Results', () => {
  it('reads the examples of RFC 8601 (appendix B)', () => {
    expect(parse('example.org 1; none')).toEqual({ authservId: 'example.org', results: [] });
    expect(parse('example.com;\r\n          spf=pass smtp.mailfrom=example.net')).toEqual({
      authservId: 'example.com',
      results: [{ method: 'spf', result: 'pass', properties: [['smtp.mailfrom', 'example.net']] }],
    });
    expect(
      parse(
        'example.com;\r\n auth=pass (cram-md5) smtp.auth=sender@example.net;\r\n spf=pass smtp.mailfrom=example.net;\r\n sender-id=pass header.from=example.net',
      )?.results,
    ).toEqual([
      { method: 'auth', result: 'pass', comment: 'cram-md5', properties: [['smtp.auth', 'sender@example.net']] },
      { method: 'spf', result: 'pass', properties: [['smtp.mailfrom', 'example.net']] },
      { method: 'sender-id', result: 'pass', properties: [['header.from', 'example.net']] },
    ]);
    expect(
      parse(
        'foo.example.net (foobar) 1 (baz);\r\n    dkim (Because I like it) / 1 (One yay) = (wait for it) fail\r\n      policy (A dot can go here) .expired\r\n',
      )?.authservId,
    ).toBeUndefined();
    expect(authservIdOf('foo.example.net (foobar) 1 (baz); dkim=fail')).toBe('foo.example.net');
  });

  it('reads quoted values, nested comments, values with = and /, and a semicolon too many', () => {
    expect(parse('(a (b) c) "mx.test"; dkim=pass (x (y) z) header.i="a \\"b\\"@c" reason="good" ;')).toEqual({
      authservId: 'mx.test',
      results: [
        {
          method: 'dkim',
          result: 'pass',
          comment: 'x (y) z',
          properties: [
            ['header.i', 'a "b"@c'],
            ['reason', 'good'],
          ],
        },
      ],
    });
    expect(parse('mx.test; dkim=pass header.b=ab/cd+e header.d=b.test')?.results[0]?.properties).toEqual([
      ['header.b', 'ab/cd+e'],
      ['header.d', 'b.test'],
    ]);
  });

  it.each(['', ';', '=', 'mx.test; =pass', 'mx.test; spf', 'mx.test; spf=', 'mx.test; spf=pass a', 'mx.test spf=pass'])(
    'is nothing in %j',
    (value) => expect(parse(value)).toBeUndefined(),
  );

  it('what is written is read the same, and stays one field whatever is in it', () => {
    const results = {
      authservId: 'mx.test',
      results: [
        { method: 'spf', result: 'pass', properties: [['smtp.mailfrom', 'b.test']] },
        {
          method: 'dkim',
          result: 'fail',
          comment: 'a b',
          properties: [
            ['header.d', 'a;b "c"\\'],
            ['header.b', 'ab/c='],
          ],
        },
      ],
    } as const;
    const field = formatAuthenticationResults(results);
    expect(field).toMatch(/^Authentication-Results: mx\.test;\r\n\tspf=pass\r\n\t smtp\.mailfrom=b\.test;\r\n\t/);
    expect(parse(field.slice(field.indexOf(':') + 1))).toEqual(results);
    const hostile = {
      method: 'dkim',
      result: 'fail',
      comment: 'a)\r\nX: y(',
      properties: [['header.d', 'a\r\n\r\nb']],
    };
    const evil = formatAuthenticationResults({ authservId: 'mx', results: [hostile as never] });
    expect(evil.replaceAll('\r\n\t', '')).toBe(
      'Authentication-Results: mx;dkim=fail (a   X: y ) header.d="a????b"\r\n',
    );
    expect(formatAuthenticationResults({ authservId: 'mx', results: [] })).toBe(
      'Authentication-Results: mx;\r\n\tnone\r\n',
    );
  });
});
