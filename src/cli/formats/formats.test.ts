import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { assert, asyncProperty, constantFrom, array, integer, subarray } from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { emlSource, folderPath, writeEml } from './eml.ts';
import { maildirSource, writeToMaildir } from './maildir.ts';
import { mboxEntry, readMbox } from './mbox.ts';
import { type FileMessage, withCrlf } from './messages.ts';

let base: string;
beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), 'pabal-formats-'));
});
afterAll(() => rm(base, { recursive: true }));

async function* inPieces(bytes: Buffer, size: number): AsyncIterable<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function read(bytes: Buffer, size = 1 << 16): Promise<FileMessage[]> {
  const all: FileMessage[] = [];
  for await (const message of readMbox(inPieces(bytes, size))) all.push(message);
  return all;
}

const SECOND = Date.UTC(2026, 10, 1, 12, 30, 59);
const message = (raw: string, flags: string[] = []): FileMessage => ({
  folder: undefined,
  flags,
  date: SECOND,
  raw: Buffer.from(raw),
});

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
          const messages = bodies.map((body) => message(['Subject: x', ...body, 'end', ''].join('\r\n'), flags));
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
});

describe('Maildir', () => {
  it('keeps folders, flags and bytes, and writes nothing twice', async () => {
    const root = join(base, 'maildir');
    const folders = ['INBOX', 'Sent', 'A.b/c', '\ubcf4\uad00/\ud568 & co'];
    for (const run of [1, 2])
      for (const [i, folder] of folders.entries())
        await writeToMaildir(root, `1.M${i}.pabal`, {
          ...message(`n: ${i}\r\n\r\n${run}`.slice(0, -1), ['\\seen']),
          folder,
        });
    const source = await maildirSource(root);
    expect(source.total).toBe(4);
    const back: FileMessage[] = [];
    for await (const one of source.messages()) back.push(one);
    expect(new Set(back.map(({ folder }) => folder))).toEqual(new Set(folders));
    for (const one of back) expect(one).toMatchObject({ flags: ['\\seen'], date: SECOND });
    expect(source.done()).toBe(4);
  });
});

describe('eml', () => {
  it('keeps folders and bytes, also with names that would lead elsewhere', async () => {
    const root = join(base, 'eml');
    for (const folder of ['INBOX', '../../up', '..', 'a/b: c?', '.hidden', 'con ', '%41'])
      await writeEml(root, '0001', { ...message(`${folder}\r\n`), folder });
    const back = new Map<string | undefined, string>();
    for await (const { folder, raw } of (await emlSource(root)).messages())
      back.set(folder, Buffer.from(raw).toString());
    expect(Object.fromEntries(back)).toMatchObject({
      '../../up': '../../up\r\n',
      '.hidden': '.hidden\r\n',
      'con ': 'con \r\n',
      '%41': '%41\r\n',
    });
    expect(back.size).toBe(7);
    expect((await readdir(base)).sort()).toEqual(['eml', 'maildir']);
    expect(folderPath('/x', '..')).toBe('/x/%2e%2e');
  });
});

it('lines that end with LF end with CRLF afterwards, others are left alone', () => {
  expect(withCrlf(Buffer.from('a\n\nb')).toString()).toBe('a\r\n\r\nb');
  expect(withCrlf(Buffer.from('a\r\nb\nc')).toString()).toBe('a\r\nb\nc');
  expect(withCrlf(Buffer.from('a')).toString()).toBe('a');
});
