import { describe, expect, test } from 'vitest';
import { byteRange, contentDisposition, downloadHeaders, safeName } from './content.ts';
import { Problem } from './reply.ts';

describe('the name of a download', () => {
  const cases: readonly [given: string, safe: string][] = [
    ['report.pdf', 'report.pdf'],
    ['../../etc/passwd', '_.._etc_passwd'],
    ['C:\\windows\\x.exe', 'C__windows_x.exe'],
    ['a\u202egpj.exe', 'agpj.exe'],
    ['nul\0byte\r\nSet-Cookie: x', 'nulbyteSet-Cookie_ x'],
    ['CON', '_CON'],
    ['con.txt', '_con.txt'],
    ['.htaccess', 'htaccess'],
    ['trailing. . ', 'trailing'],
    ['say "hi"; x=1', 'say "hi"; x=1'],
    ['보고서 (최종).hwp', '보고서 (최종).hwp'],
    ['', 'attachment'],
    ['...', 'attachment'],
    ['\ud800lone', 'lone'],
  ];
  test.each(cases)('%j becomes %j', (given, safe) => expect(safeName(given)).toBe(safe));

  test('keeps its ending when it is too long', () => {
    const name = safeName(`${'한'.repeat(5_000)}.pdf`);
    expect(Array.from(name)).toHaveLength(150);
    expect(name.endsWith('.pdf')).toBe(true);
  });

  test('stands in the header in both forms', () => {
    expect(contentDisposition('a.pdf')).toBe('attachment; filename="a.pdf"');
    expect(contentDisposition('보고서.pdf')).toBe(
      `attachment; filename="___.pdf"; filename*=UTF-8''%EB%B3%B4%EA%B3%A0%EC%84%9C.pdf`,
    );
    expect(contentDisposition(`it's "x"; y.txt`)).toBe(
      `attachment; filename="it's _x_; y.txt"; filename*=UTF-8''it%27s%20%22x%22%3B%20y.txt`,
    );
  });

  test('comes with headers that keep it from running', () => {
    expect(downloadHeaders('x.html', 'text/html')).toMatchObject({
      'content-type': 'text/html',
      'content-security-policy': "default-src 'none'; sandbox",
      'x-content-type-options': 'nosniff',
    });
    expect(downloadHeaders('x', 'text/html\r\nX: y')['content-type']).toBe('application/octet-stream');
  });
});

describe('a byte range', () => {
  test.each([
    ['bytes=0-9', { start: 0, end: 10 }],
    ['bytes=90-', { start: 90, end: 100 }],
    ['bytes=-10', { start: 90, end: 100 }],
    ['bytes=-1000', { start: 0, end: 100 }],
    ['bytes=50-1000', { start: 50, end: 100 }],
    ['bytes=9-0', undefined],
    ['bytes=-', undefined],
    ['bytes=0-1,5-6', undefined],
    ['lines=0-1', undefined],
    [undefined, undefined],
  ])('%s of 100', (header, range) => expect(byteRange(header, 100)).toEqual(range));

  test('outside is refused', () => {
    for (const header of ['bytes=100-', 'bytes=-0', 'bytes=999999999999999-'])
      expect(() => byteRange(header, 100)).toThrow(Problem);
  });
});
