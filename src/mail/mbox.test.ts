import { array, assert, asyncProperty, constantFrom, integer, subarray } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { withCrlf } from './crlf.ts';
import { mboxEntry, type MboxMessage, readMbox } from './mbox.ts';

async function* inPieces(bytes: Buffer, size: number): AsyncIterable<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function read(bytes: Buffer, size = 1 << 16): Promise<MboxMessage[]> {
  const all: MboxMessage[] = [];
  for await (const message of readMbox(inPieces(bytes, size), { most: 1 << 20 })) all.push(message);
  return all;
}

const SECOND = Date.UTC(2026, 10, 1, 12, 30, 59);
const entry = (raw: string, flags: string[] = []): MboxMessage => ({ flags, date: SECOND, raw: Buffer.from(raw) });

describe('mbox', () => {
  const lines = array(
    constantFrom('', 'From x', '>From y', '>>From', 'text', 'X-Pabal-Flags: \\seen', 'From', ' From z', '\ud55c'),
    { maxLength: 12 },
  );

  it('gives back every message as it was, wherever the pieces of the file end', async () => {
    await assert(
      asyncProperty(
        array(lines, { minLength: 1, maxLength: 5 }),
        subarray(['\\seen', '\\flagged', '$label1']),
        integer({ min: 1, max: 40 }),
        async (bodies, flags, size) => {
          const messages = bodies.map((body) => entry(['Subject: x', ...body, 'end', ''].join('\r\n'), flags));
          const back = await read(Buffer.concat(messages.map(mboxEntry)), size);
          expect(back.map((one) => Buffer.from(one.raw).toString())).toEqual(
            messages.map((one) => Buffer.from(one.raw).toString()),
          );
          for (const one of back) expect(one).toMatchObject({ flags, date: SECOND });
        },
      ),
      { numRuns: 200 },
    );
  });

  it('of other programs is read with its status', async () => {
    const text =
      'From bob Sun Nov  1 12:30:59 2026\nSubject: x\nStatus: RO\nX-Status: AF\n\nStatus: D\n\nFrom eve Sun Nov  1 12:30:59 2026\nSubject: y\n\n';
    const all = await read(Buffer.from(text));
    expect(all.map(({ flags, raw }) => [flags, Buffer.from(raw).toString()])).toEqual([
      [['\\seen', '\\answered', '\\flagged'], 'Subject: x\r\nStatus: RO\r\nX-Status: AF\r\n\r\nStatus: D\r\n'],
      [[], 'Subject: y\r\n'],
    ]);
    expect(all[0]?.date).toBe(SECOND);
  });

  it('that is none is refused, and an empty one is empty', async () => {
    await expect(read(Buffer.from('Subject: x\n\n'))).rejects.toThrow('this is no mbox');
    expect(await read(Buffer.from(''))).toEqual([]);
  });

  it('tells how far it has come, and stops at a message that has no end', async () => {
    const file = Buffer.from(`From a\n\n${'x'.repeat(100)}\n\nFrom b\n\n${'y\n'.repeat(100)}`);
    const seen: number[] = [];
    const limited = readMbox(inPieces(file, 7), { most: 150, progress: (bytes) => void seen.push(bytes) });
    expect((await limited.next()).value?.raw.length).toBe(104);
    await expect(limited.next()).rejects.toThrow('larger than 150 bytes');
    expect(seen.length).toBeGreaterThan(0);
    await expect(readMbox(inPieces(Buffer.alloc(200, 'x'), 7), { most: 150 }).next()).rejects.toThrow('has no end');
  });
});

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString();

it('lines that end with LF end with CRLF afterwards, others are left alone', () => {
  expect(text(withCrlf(Buffer.from('a\n\nb')))).toBe('a\r\n\r\nb');
  expect(text(withCrlf(Buffer.from('a\r\nb\nc')))).toBe('a\r\nb\nc');
  expect(text(withCrlf(Buffer.from('a')))).toBe('a');
});
