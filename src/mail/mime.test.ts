import { describe, expect, test } from 'vitest';
import type { Part } from './message.ts';
import { MIME_LIMITS, MimeScanner, parseStructure } from './mime.ts';
import { cpuMs } from '../../test/support/cpu.ts';

const crlf = (text: string): Buffer => Buffer.from(text.replaceAll('\n', '\r\n'), 'latin1');

/** `type/subtype[body]` or `type/subtype(children)`. */
function show(raw: Buffer, part: Part = parseStructure(raw)): string {
  const name = `${part.type}/${part.subtype}`;
  if (part.children.length > 0) return `${name}(${part.children.map((child) => show(raw, child)).join(' ')})`;
  return `${name}[${raw.toString('latin1', part.bodyStart, part.bodyEnd).replaceAll('\r\n', '~')}]`;
}

/** Offsets ascend, and every part lies inside its parent. */
export function checkOffsets(part: Part, from = 0, to = Number.MAX_SAFE_INTEGER): void {
  expect(part.headerStart).toBeGreaterThanOrEqual(from);
  expect(part.bodyStart).toBeGreaterThanOrEqual(part.headerStart);
  expect(part.bodyEnd).toBeGreaterThanOrEqual(part.bodyStart);
  expect(part.bodyEnd).toBeLessThanOrEqual(to);
  let start = part.bodyStart;
  for (const child of part.children) {
    checkOffsets(child, start, part.bodyEnd);
    start = child.bodyEnd;
  }
}

describe('structure', () => {
  test.each([
    ['Subject: x\n\nbody\n', 'text/plain[body~]'],
    ['\nbody', 'text/plain[body]'],
    ['Subject: x\n', 'text/plain[]'],
    ['Subject: x', 'text/plain[]'],
    ['', 'text/plain[]'],
    ['Content-Type: TEXT/HTML; x\n\n<p>', 'text/html[<p>]'],
    ['Content-Type: nonsense\n\nx', 'text/plain[x]'],
    ['Content-Type: a/b/c\n\nx', 'text/plain[x]'],
    ['Content-Type: a/b c\n\nx', 'a/b[x]'],
    [
      'Content-Type: multipart/mixed; boundary=b\n\npre\n--b\n\none\n--b\n\ntwo\n--b--\npost\n',
      'multipart/mixed(text/plain[one] text/plain[two])',
    ],
    [
      'Content-Type: multipart/mixed; boundary="b c"\n\n--b c \t\n\none\n--b c--  \n',
      'multipart/mixed(text/plain[one])',
    ],
    ['Content-Type: multipart/mixed; boundary=b\n\n--b\n\none\n\n\n--b--', 'multipart/mixed(text/plain[one~~])'],
    ['Content-Type: multipart/mixed; boundary=b\n\n--b\n\none', 'multipart/mixed(text/plain[one])'],
    ['Content-Type: multipart/mixed; boundary=b\n\n--b\n\none\n--b', 'multipart/mixed(text/plain[one] text/plain[])'],
    [
      'Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/html\n--b\n\ntwo\n--b--\n',
      'multipart/mixed(text/html[] text/plain[two])',
    ],
    ['Content-Type: multipart/mixed; boundary=b\n\n--b\n--b\n--b--', 'multipart/mixed(text/plain[] text/plain[])'],
    [
      'Content-Type: multipart/mixed; boundary=b\n\n--b--\n--b\n\nafter the end\n',
      'multipart/mixed[--b--~--b~~after the end~]',
    ],
    [
      'Content-Type: multipart/mixed; boundary=b\n\n--bb\n--b x\n -- b\n--b\n\none\n--b-\n--b---\n--B\n--b--\n',
      'multipart/mixed(text/plain[one~--b-~--b---~--B])',
    ],
    ['Content-Type: multipart/mixed; boundary=b--\n\n--b--\n\none\n--b----\n', 'multipart/mixed(text/plain[one])'],
    ['Content-Type: multipart/mixed\n\n--b\n\none\n', 'multipart/mixed[--b~~one~]'],
    ['Content-Type: multipart/mixed; boundary=""\n\n--\n\none\n', 'multipart/mixed[--~~one~]'],
    [
      `Content-Type: multipart/mixed; boundary=${'b'.repeat(251)}\n\n--${'b'.repeat(251)}\n\none\n`,
      `multipart/mixed[--${'b'.repeat(251)}~~one~]`,
    ],
    [
      'Content-Type: multipart/mixed; boundary*0=b; boundary*1=c\n\n--bc\n\none\n--bc--',
      'multipart/mixed(text/plain[one])',
    ],
    // An inner multipart that is never closed ends with the outer delimiter.
    [
      'Content-Type: multipart/mixed; boundary=o\n\n--o\nContent-Type: multipart/alternative; boundary=i\n\n--i\n\none\n--o\n\ntwo\n--o--\n',
      'multipart/mixed(multipart/alternative(text/plain[one]) text/plain[two])',
    ],
    // Boundaries that begin alike.
    [
      'Content-Type: multipart/mixed; boundary=a\n\n--a\nContent-Type: multipart/alternative; boundary=ab\n\n--ab\n\none\n--ab--\n--a\n\ntwo\n--a--\n',
      'multipart/mixed(multipart/alternative(text/plain[one]) text/plain[two])',
    ],
    // The same boundary twice: the inner one counts until it is closed.
    [
      'Content-Type: multipart/mixed; boundary=a\n\n--a\nContent-Type: multipart/mixed; boundary=a\n\n--a\n\none\n--a--\n--a\n\ntwo\n--a--\n',
      'multipart/mixed(multipart/mixed(text/plain[one]) text/plain[two])',
    ],
    ['Content-Type: message/rfc822\n\nSubject: in\n\nbody\n', 'message/rfc822(text/plain[body~])'],
    ['Content-Type: message/rfc822\n\n', 'message/rfc822(text/plain[])'],
    [
      'Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\nU3ViamVjdDogeA==\n',
      'message/rfc822[U3ViamVjdDogeA==~]',
    ],
    ['Content-Type: message/global\n\nSubject: in\n\nbody', 'message/global(text/plain[body])'],
    ['Content-Type: message/delivery-status\n\nAction: failed\n', 'message/delivery-status[Action: failed~]'],
    [
      'Content-Type: multipart/digest; boundary=b\n\n--b\n\nSubject: one\n\nbody\n--b\nContent-Type: text/html\n\ntwo\n--b--',
      'multipart/digest(message/rfc822(text/plain[body]) text/html[two])',
    ],
    [
      'Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: message/rfc822\n\nContent-Type: multipart/mixed; boundary=c\n\n--c\n\nin\n--b\n\nout\n--b--',
      'multipart/mixed(message/rfc822(multipart/mixed(text/plain[in])) text/plain[out])',
    ],
    [
      'Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: message/rfc822\n--b--',
      'multipart/mixed(message/rfc822(text/plain[]))',
    ],
    [
      '__proto__: x\nContent-Type: multipart/__proto__; boundary=__proto__\n\n--__proto__\n\none',
      'multipart/__proto__(text/plain[one])',
    ],
  ])('%j', (text, expected) => {
    const raw = crlf(text);
    expect(show(raw)).toBe(expected);
    checkOffsets(parseStructure(raw), 0, raw.length);
    // The same with bare line feeds, and in single bytes.
    expect(show(Buffer.from(text, 'latin1')).replaceAll('\n', '~')).toBe(expected);
    const scanner = new MimeScanner();
    for (const byte of raw) scanner.push(Buffer.of(byte));
    expect(show(raw, scanner.end())).toBe(expected);
  });

  test('lines are line feeds of the body', () => {
    const lines = (text: string): number[] => {
      const root = parseStructure(crlf(text));
      return [root.lines, ...root.children.map((child) => child.lines)];
    };
    expect(lines('A: b\n\none\ntwo\n')).toEqual([2]);
    expect(lines('A: b\n\none\ntwo')).toEqual([1]);
    expect(lines('A: b\n\n')).toEqual([0]);
    expect(lines('Content-Type: multipart/mixed; boundary=b\n\n--b\n\none\ntwo\n\n--b\n\n--b--\n').slice(1)).toEqual([
      2, 0,
    ]);
    expect(lines('Content-Type: message/rfc822\n\nA: b\n\none\n')).toEqual([3, 1]);
  });

  test('the fields of a part', () => {
    const part = parseStructure(
      crlf(
        'Content-Type: image/png; name="=?utf-8?b?6rCA?=.png"\nContent-Transfer-Encoding: BASE64 (x)\nContent-ID: <1@x>\nContent-Description: d\nContent-MD5: m\nContent-Location: l\nContent-Language: ko, en\nContent-Disposition: INLINE; filename="f.png"\nContent-Type: text/plain\n\n',
      ),
    );
    expect(part).toMatchObject({
      type: 'image',
      subtype: 'png',
      encoding: 'base64',
      id: '<1@x>',
      description: 'd',
      md5: 'm',
      location: 'l',
      language: ['ko', 'en'],
      disposition: 'inline',
      filename: 'f.png',
    });
    expect(part.params.get('name')).toBe('가.png');
    expect([...part.dispositionParams]).toEqual([['filename', 'f.png']]);
  });

  test('a scanner that has ended takes no more', () => {
    const scanner = new MimeScanner();
    expect(scanner.end()).toBe(scanner.end());
    expect(() => scanner.push(Buffer.of(1))).toThrow();
  });
});

describe('limits', () => {
  const depthOf = (part: Part): number => 1 + Math.max(0, ...part.children.map(depthOf));
  const count = (part: Part): number => 1 + part.children.reduce((sum, child) => sum + count(child), 0);

  test('multiparts nested ten thousand deep (C19)', () => {
    let text = '';
    for (let i = 0; i < 10_000; i += 1) text += `Content-Type: multipart/mixed; boundary=b${i}\n\n--b${i}\n`;
    const root = parseStructure(crlf(text));
    expect(depthOf(root)).toBe(MIME_LIMITS.depth);
    checkOffsets(root);
  });

  test('messages in messages ten thousand deep (C19)', () => {
    const root = parseStructure(crlf('Content-Type: message/rfc822\n\n'.repeat(10_000)));
    expect(depthOf(root)).toBe(MIME_LIMITS.depth);
    checkOffsets(root);
  });

  test('a hundred thousand parts: the rest is not listed, and what comes after stays right (C19)', () => {
    const many = `--i\n\nx\n`.repeat(100_000);
    const raw = crlf(
      `Content-Type: multipart/mixed; boundary=o\n\n--o\nContent-Type: multipart/mixed; boundary=i\n\n${many}--o\n\nlast\n--o--\n`,
    );
    const root = parseStructure(raw);
    expect(count(root)).toBe(MIME_LIMITS.parts);
    expect(show(raw, root.children[0]!.children.at(-1)!)).toBe('text/plain[x]');
    expect(raw.subarray(root.children[0]!.bodyEnd).toString()).toBe('\r\n--o\r\n\r\nlast\r\n--o--\r\n');
    checkOffsets(root, 0, raw.length);
  });

  test('header blocks and single fields without end', () => {
    const long = crlf(`Subject: ${'x'.repeat(10 << 20)}\nContent-Type: text/html\n\nbody`);
    const root = parseStructure(long);
    expect(long.toString('latin1', root.bodyStart)).toBe('body');
    // Fields after the first megabyte are not looked at.
    expect(root.subtype).toBe('plain');
    const many = parseStructure(crlf('A: b\n'.repeat(1_000_000)));
    expect(many.bodyStart).toBe(many.bodyEnd);
  });

  test.each([
    [
      'delimiter-like lines',
      (n: number) => `Content-Type: multipart/mixed; boundary=abcdef\n\n${'--abcdeg\n'.repeat(n / 9)}`,
    ],
    ['dashes', (n: number) => `Content-Type: multipart/mixed; boundary=abcdef\n\n${'-'.repeat(n)}`],
    ['dash lines', (n: number) => `Content-Type: multipart/mixed; boundary=abcdef\n\n${'--\n'.repeat(n / 3)}`],
    [
      'nested boundaries',
      (n: number) =>
        `${Array.from({ length: 99 }, (_, i) => `Content-Type: multipart/mixed; boundary=${'b'.repeat(60)}${i}\n\n--${'b'.repeat(60)}${i}\n`).join('')}\n${`--${'b'.repeat(60)}x\n`.repeat(n / 64)}`,
    ],
    ['parts', (n: number) => `Content-Type: multipart/mixed; boundary=b\n\n${'--b\n\n'.repeat(n / 5)}`],
    [
      'open and close',
      (n: number) =>
        `Content-Type: multipart/mixed; boundary=b\n\n${'--b\nContent-Type: multipart/mixed; boundary=c\n\n--c\n--c--\n'.repeat(n / 60)}`,
    ],
    ['line feeds', (n: number) => `Content-Type: multipart/mixed; boundary=b\n\n${'\n'.repeat(n)}`],
    ['continuations', (n: number) => `Content-Type: text/plain;${' n*0*=x;'.repeat(n / 8)}\n\n`],
    ['folds', (n: number) => `Subject: x\n${' \n'.repeat(n / 2)}\n`],
  ])('time grows with the size only: %s', (_, make) => {
    const time = (n: number): number => {
      const raw = Buffer.from(make(n), 'latin1');
      let best = Number.POSITIVE_INFINITY;
      for (let i = 0; i < 3; i += 1)
        best = Math.min(
          best,
          cpuMs(() => parseStructure(raw)),
        );
      return best;
    };
    time(1 << 18);
    // Ten times the size in far less than a hundred times the time.
    expect(time(5 << 20)).toBeLessThan(Math.max(1000, time(1 << 19) * 40));
  });
});
