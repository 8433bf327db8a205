import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { kindOf, openDataFolder } from './data-folder.ts';

let base: string;
beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), 'pabal-data-'));
});
afterAll(() => rm(base, { recursive: true }));

it('is made for its owner alone, and remembers what it is for', async () => {
  const path = join(base, 'a', 'b');
  {
    using folder = await openDataFolder(path, 'demo');
    expect(folder.isNew).toBe(true);
    expect((await stat(path)).mode & 0o777).toBe(0o700);
    expect(await readFile(folder.file('run', 'pid'), 'utf8')).toBe(`${process.pid}\n`);
  }
  expect(await kindOf(path)).toBe('demo');
  using again = await openDataFolder(path, 'demo');
  expect(again.isNew).toBe(false);
});

it('has one user at a time (A24)', async () => {
  const path = join(base, 'lock');
  {
    using _first = await openDataFolder(path, 'mail');
    await expect(openDataFolder(path, 'mail')).rejects.toThrow(/another pabal uses .*: stop it first/);
  }
  using later = await openDataFolder(path, 'mail');
  expect(later.unclean).toBe(false);
});

it('knows whether its last user ended by itself', async () => {
  const path = join(base, 'unclean');
  (await openDataFolder(path, 'mail'))[Symbol.dispose]();
  // The file of a service that runs.
  await writeFile(join(path, 'run', 'listen.json'), '{}');
  {
    using folder = await openDataFolder(path, 'mail');
    expect(folder.unclean).toBe(true);
  }
  using folder = await openDataFolder(path, 'mail');
  expect(folder.unclean).toBe(false);
});

it('made for one thing does not open as another', async () => {
  const path = join(base, 'kind');
  (await openDataFolder(path, 'sandbox'))[Symbol.dispose]();
  await expect(openDataFolder(path, 'mail')).rejects.toThrow(/was made with --sandbox and starts only so/);
  (await openDataFolder(path, 'sandbox'))[Symbol.dispose]();
});

it('of a newer pabal is refused and left alone (L4)', async () => {
  const path = join(base, 'newer');
  await mkdir(path);
  await writeFile(join(path, 'format.json'), '{"format":2,"kind":"mail"}');
  await expect(openDataFolder(path, 'mail')).rejects.toThrow(/written by a newer pabal \(format 2, this one reads 1\)/);
  expect(await readFile(join(path, 'format.json'), 'utf8')).toBe('{"format":2,"kind":"mail"}');
});

it('that cannot be written to says so in one line (A23)', async () => {
  await writeFile(join(base, 'file'), '');
  const refused = /^cannot write to the data folder .*: give it to this user/;
  await expect(openDataFolder(join(base, 'file'), 'mail')).rejects.toThrow(refused);
  await expect(openDataFolder(join(base, 'file', 'x'), 'mail')).rejects.toThrow(refused);
  // Nor one of its parts.
  for (const part of ['kv', 'blobs']) {
    await mkdir(join(base, part));
    await writeFile(join(base, part, part), '');
    await expect(openDataFolder(join(base, part), 'mail')).rejects.toThrow(`${join(base, part, part)} (EEXIST)`);
  }
});
