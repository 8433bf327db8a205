import { describe, expect, test } from 'vitest';
import { DotStuffing, top } from './multiline.ts';

/** The response for a message that arrives in pieces of `size` bytes. */
function stuffed(message: string, size = 1): string {
  const stuffing = new DotStuffing();
  let out = '';
  for (const piece of pieces(message, size)) out += Buffer.from(stuffing.push(piece)).toString('latin1');
  return out + stuffing.end();
}

function* pieces(message: string, size: number): Iterable<Uint8Array> {
  const bytes = Buffer.from(message, 'latin1');
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function topOf(message: string, lines: number, size: number): Promise<string> {
  let out = '';
  const all = (async function* () {
    yield* pieces(message, size);
  })();
  for await (const piece of top(all, lines)) out += Buffer.from(piece).toString('latin1');
  return out;
}

describe('a message as a multi-line response', () => {
  const cases: readonly [what: string, message: string, response: string][] = [
    ['ends in a line with a dot', 'a\r\n', 'a\r\n.\r\n'],
    ['gets its last line end when it has none', 'a', 'a\r\n.\r\n'],
    ['has its last line end completed', 'a\r', 'a\r\n.\r\n'],
    ['may be empty', '', '.\r\n'],
    ['gets a dot before each dot that begins a line', '.\r\n..\r\n.a\r\nb.\r\n', '..\r\n...\r\n..a\r\nb.\r\n.\r\n'],
    ['has bare line feeds completed, so that nothing in it looks like the end', 'a\n.\nb\r\n', 'a\r\n..\r\nb\r\n.\r\n'],
    ['keeps a bare CR', 'a\r.\rb\r\n', 'a\r.\rb\r\n.\r\n'],
  ];
  for (const [what, message, response] of cases)
    test(what, () => {
      for (const size of [1, 2, 3, 100]) expect(stuffed(message, size), `in pieces of ${size}`).toBe(response);
    });

  test('goes as it is, without a copy, where nothing changes', () => {
    const piece = Buffer.from('line\r\nline\r\n');
    expect(new DotStuffing().push(piece)).toBe(piece);
  });
});

describe('TOP', () => {
  const message = 'Subject: x\r\nTo: y\r\n\r\none\r\ntwo\r\n\r\nfour\r\n';
  test.each([1, 2, 3, 7, 100])('gives the header and so many lines, in pieces of %i', async (size) => {
    expect(await topOf(message, 0, size)).toBe('Subject: x\r\nTo: y\r\n\r\n');
    expect(await topOf(message, 1, size)).toBe('Subject: x\r\nTo: y\r\n\r\none\r\n');
    expect(await topOf(message, 3, size)).toBe('Subject: x\r\nTo: y\r\n\r\none\r\ntwo\r\n\r\n');
    expect(await topOf(message, 99, size)).toBe(message);
  });

  test('of a message without a body is the message', async () => {
    expect(await topOf('Subject: x\r\n', 5, 4)).toBe('Subject: x\r\n');
    expect(await topOf('\r\nbody\r\nmore\r\n', 1, 1)).toBe('\r\nbody\r\n');
  });
});
