import { expect, test } from 'vitest';
import { DataScanner } from '../../protocols/smtp/wire/data-scanner.ts';
import { asItIs, framed } from './framing.ts';

async function* pieces(bytes: Buffer, at: readonly number[]): AsyncGenerator<Buffer> {
  let from = 0;
  for (const end of [...at, bytes.length]) {
    yield bytes.subarray(from, end);
    from = end;
  }
}

async function wire(bytes: Buffer, at: readonly number[], stuff: boolean, block?: number): Promise<Buffer> {
  const out: Buffer[] = [];
  for await (const one of framed(pieces(bytes, at), { stuff, ...(block && { block }) })) out.push(one.bytes);
  return Buffer.concat(out);
}

const normal = (text: string): string => {
  const lines = text.replaceAll(/\r\n|\r|\n/g, '\r\n');
  return lines === '' || lines.endsWith('\r\n') ? lines : `${lines}\r\n`;
};

test.each([
  ['', '.\r\n'],
  ['a', 'a\r\n.\r\n'],
  ['a\r\n', 'a\r\n.\r\n'],
  ['.', '..\r\n.\r\n'],
  ['.\r\n', '..\r\n.\r\n'],
  ['a\r\n.b\r\n', 'a\r\n..b\r\n.\r\n'],
  ['a\r.\rb', 'a\r\n..\r\nb\r\n.\r\n'],
  ['a\n.\nb', 'a\r\n..\r\nb\r\n.\r\n'],
  ['\r', '\r\n.\r\n'],
  ['\n\r', '\r\n\r\n.\r\n'],
  ['\r\r\n\n.', '\r\n\r\n\r\n..\r\n.\r\n'],
])('%j goes out as %j', async (text, expected) => {
  const bytes = Buffer.from(text, 'latin1');
  for (let cut = 0; cut <= bytes.length; cut++)
    expect((await wire(bytes, [cut], true)).toString('latin1')).toBe(expected);
});

/** What some server somewhere takes for the end of a message. */
const ENDINGS = [
  '\n.\n',
  '\n.\r\n',
  '\r\n.\n',
  '\r.\r',
  '\r\n.\r',
  '\r.\r\n',
  '\n.\r',
  '\r.\n',
  '\r\n.\0\r\n',
  '\r\n..\r\n',
  '\r\n. \r\n',
  '\r\n .\r\n',
  '\r\n.\t\r\n',
  '\r\r\n.\r\r\n',
  '\r\n.\r\r\n',
  '\r\n\0.\r\n',
  '\n\n.\n\n',
  '\u0085.\u0085',
  '\v.\v',
  '\r\n.\n\r\n',
  '\r\n.\r\n',
];

test.each(ENDINGS)('%j in a mail ends it nowhere, whoever reads it (D2)', async (ending) => {
  const text = `x${ending}MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\ny`;
  const bytes = Buffer.from(text, 'latin1');
  const at = text.indexOf(ending);
  for (let cut = at - 1; cut <= at + ending.length + 1; cut++) {
    const stuffed = await wire(bytes, [cut], true);
    const sent = stuffed.toString('latin1');
    // No lone CR or LF, and a dot at the start of a line only doubled, but for the end.
    expect(sent.replaceAll('\r\n', '')).not.toMatch(/[\r\n]/);
    expect(sent.slice(0, -3)).not.toMatch(/(^|\r\n)\.(?!\.)/);
    const scanner = new DataScanner();
    const body: Buffer[] = [];
    const used = scanner.scan(stuffed, { append: (from, start, end) => body.push(from.subarray(start, end)) });
    expect([scanner.done, scanner.bareNewline, used]).toEqual([true, false, stuffed.length]);
    expect(Buffer.concat(body).toString('latin1')).toBe(normal(text));
    expect((await wire(bytes, [cut], false)).toString('latin1')).toBe(normal(text));
  }
});

test('blocks have the size that was asked for, whatever the pieces', async () => {
  const bytes = Buffer.from('.\n'.repeat(500));
  const sizes: number[] = [];
  for await (const { bytes: one, last } of framed(pieces(bytes, [3, 4, 700]), { stuff: true, block: 100 })) {
    sizes.push(one.length);
    expect(last).toBe(sizes.length === 21);
  }
  expect(sizes).toEqual([...Array<number>(20).fill(100), 3]);
});

test('what is binary is left alone', async () => {
  const bytes = Buffer.from('\n.\r.\r\n.');
  const out: Buffer[] = [];
  for await (const one of asItIs(pieces(bytes, [1, 2, 3]), 2)) out.push(one.bytes);
  expect(Buffer.concat(out)).toEqual(bytes);
  expect(out.map(({ length }) => length)).toEqual([2, 2, 2, 1]);
});
