import { hash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { BreachedPasswordsFile } from './breached-passwords-file.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pabal-breached-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function listOf(passwords: readonly string[], line = (sha1: string, n: number) => `${sha1}:${n}\r\n`) {
  const path = join(folder, 'list');
  const hashes = passwords.map((one) => hash('sha1', one, 'hex').toUpperCase()).sort();
  await writeFile(path, hashes.map((one, n) => line(one, n * n)).join(''));
  return BreachedPasswordsFile.open(path);
}

it.each([1, 2, 90, 5000])('finds every one of %d passwords, and no other', async (count) => {
  const known = Array.from({ length: count }, (_, n) => `password ${n}`);
  await using list = await listOf(known);
  const asked = count > 100 ? known.filter((_, n) => n % 37 === 0 || n === count - 1) : known;
  for (const password of asked) expect(await list.has(password), password).toBe(true);
  for (let n = 0; n < 50; n++) expect(await list.has(`another ${n}`)).toBe(false);
});

it('takes bare hashes in small letters, too, and one way to write a password', async () => {
  await using list = await listOf(
    ['café', ...Array.from({ length: 500 }, (_, n) => `x${n}`)],
    (sha1) => `${sha1.toLowerCase()}\n`,
  );
  expect(await list.has('cafe\u0301')).toBe(true);
  expect(await list.has('cafe')).toBe(false);
});

it('opens no other kind of file', async () => {
  const path = join(folder, 'words');
  for (const text of ['', 'password\n123456\n', `${'0'.repeat(64)}\n`]) {
    await writeFile(path, text);
    await expect(BreachedPasswordsFile.open(path)).rejects.toThrow('does not begin with a SHA-1 hash');
  }
  await expect(BreachedPasswordsFile.open(join(folder, 'none'))).rejects.toThrow('ENOENT');
});
