import { expect, test } from 'vitest';
import { zipContent, zipEntries } from './zip.ts';
import { ZipWriter } from './zip-write.ts';

const AT = Date.UTC(2026, 10, 22, 10, 15, 42);

async function archive(entries: readonly (readonly [name: string, content: Uint8Array])[]): Promise<Buffer> {
  const zip = new ZipWriter();
  const pieces: Uint8Array[] = [];
  for (const [name, content] of entries)
    for await (const piece of zip.entry(name, AT, [content.subarray(0, 3), content.subarray(3)])) pieces.push(piece);
  return Buffer.concat([...pieces, ...zip.end()]);
}

test('what is written is read again', async () => {
  const entries = [
    ['a/b.txt', Buffer.from('hello')],
    ['한글/빈.txt', Buffer.of()],
    ['large', Buffer.alloc(300_000, 'x')],
  ] as const;
  const file = await archive(entries);
  const found = zipEntries(file, 10) ?? [];
  expect(found.map(({ name }) => name)).toEqual(entries.map(([name]) => name));
  for (const [i, entry] of found.entries()) expect(zipContent(file, entry, 1 << 20)).toEqual(entries[i]?.[1]);
});

test('more than 65,535 entries are zip64', async () => {
  const zip = new ZipWriter();
  const pieces: Uint8Array[] = [];
  for (let i = 0; i < 66_000; i++) for await (const piece of zip.entry(`${i}`, AT, [])) pieces.push(piece);
  const file = Buffer.concat([...pieces, ...zip.end()]);
  const large = file.length - 22 - 76;
  expect(file.readUInt32LE(large)).toBe(0x06064b50);
  expect(file.readBigUInt64LE(large + 32)).toBe(66_000n);
  expect(file.readUInt16LE(file.length - 22 + 10)).toBe(0xffff);
  expect(file.readBigUInt64LE(large + 48)).toBe(BigInt(file.readUInt32LE(file.length - 22 + 16)));
});

test('an entry whose content ends with an error is whole as far as it came, and so is the archive', async () => {
  const zip = new ZipWriter();
  const pieces: Uint8Array[] = [];
  const broken = (function* () {
    yield Buffer.from('half');
    throw new Error('no more');
  })();
  await expect(
    (async () => {
      for await (const piece of zip.entry('a', AT, broken)) pieces.push(piece);
    })(),
  ).rejects.toThrow('no more');
  const file = Buffer.concat([...pieces, ...zip.end()]);
  expect(zipContent(file, zipEntries(file, 1)?.[0] as never, 100)?.toString()).toBe('half');
});
