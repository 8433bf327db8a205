import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { emlSource, folderPath, writeEml } from './eml.ts';
import { maildirSource, writeToMaildir } from './maildir.ts';
import type { FileMessage } from './messages.ts';

let base: string;
beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), 'pabal-formats-'));
});
afterAll(() => rm(base, { recursive: true }));

const SECOND = Date.UTC(2026, 10, 1, 12, 30, 59);
const message = (raw: string, flags: string[] = []): FileMessage => ({
  folder: undefined,
  flags,
  date: SECOND,
  raw: Buffer.from(raw),
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
