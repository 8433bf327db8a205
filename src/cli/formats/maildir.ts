/** Maildir++: INBOX is the folder itself, others are `.Name.Child` beside `cur` and `new`, in modified UTF-7. */
import { mkdir, readdir, readFile, rename, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { withCrlf } from '../../mail/crlf.ts';
import { decodeMailboxName, encodeMailboxName } from '../../protocols/imap/wire/mailbox-name.ts';
import { exists, type FileMessage, type MessageSource } from './messages.ts';

const LETTERS: readonly (readonly [letter: string, flag: string])[] = [
  ['D', '\\draft'],
  ['F', '\\flagged'],
  ['R', '\\answered'],
  ['S', '\\seen'],
  ['T', '\\deleted'],
];

export function isMaildir(path: string): Promise<boolean> {
  return exists(join(path, 'cur'));
}

export async function maildirSource(path: string): Promise<MessageSource> {
  const files: { path: string; name: string; folder: string }[] = [];
  for (const entry of ['', ...(await readdir(path)).sort()]) {
    if (entry !== '' && (!entry.startsWith('.') || !(await isMaildir(join(path, entry))))) continue;
    const folder = entry === '' ? 'INBOX' : entry.slice(1).split('.').map(decodeLevel).join('/');
    for (const part of ['new', 'cur']) {
      const names: string[] = await readdir(join(path, entry, part)).catch(() => []);
      for (const name of names.sort())
        if (!name.startsWith('.')) files.push({ path: join(path, entry, part, name), name, folder });
    }
  }
  let done = 0;
  return {
    total: files.length,
    done: () => done,
    async *messages() {
      for (const file of files) {
        const raw = await readFile(file.path);
        const { mtimeMs } = await stat(file.path);
        done++;
        yield { folder: file.folder, flags: flagsOf(file.name), date: mtimeMs, raw: withCrlf(raw) };
      }
    },
  };
}

/** Already there: nothing is written. */
export async function writeToMaildir(
  root: string,
  name: string,
  { folder, flags, date, raw }: FileMessage,
): Promise<void> {
  const path =
    folder === undefined || folder === 'INBOX' ? root : join(root, `.${folder.split('/').map(encodeLevel).join('.')}`);
  for (const part of ['tmp', 'new', 'cur']) await mkdir(join(path, part), { recursive: true, mode: 0o700 });
  const letters = LETTERS.filter(([, flag]) => flags.includes(flag)).map(([letter]) => letter);
  const file = join(path, 'cur', `${name}:2,${letters.join('')}`);
  if (await exists(file)) return;
  await writeFile(join(path, 'tmp', name), raw, { mode: 0o600 });
  if (date !== undefined) await utimes(join(path, 'tmp', name), date / 1000, date / 1000);
  await rename(join(path, 'tmp', name), file);
}

function flagsOf(name: string): string[] {
  const letters = /:2,([A-Za-z]*)$/.exec(name)?.[1] ?? '';
  return LETTERS.filter(([letter]) => letters.includes(letter)).map(([, flag]) => flag);
}

/** '.' separates levels in the file's name, so it is written as a shift sequence of its own. */
function encodeLevel(level: string): string {
  return encodeMailboxName(level).replaceAll('.', '&AC4-');
}

function decodeLevel(level: string): string {
  return decodeMailboxName(level.replaceAll('&AC4-', '.')) ?? level;
}
