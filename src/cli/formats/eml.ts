/** Single messages in files `*.eml`, folders as folders. Flags are not kept. */
import { mkdir, readdir, readFile, rename, stat, utimes, writeFile } from 'node:fs/promises';
import { basename, dirname, join, relative, sep } from 'node:path';
import { withCrlf } from '../../mail/crlf.ts';
import { folderFileName } from '../../mail/folder-file-name.ts';
import { exists, type FileMessage, type MessageSource } from './messages.ts';

export async function emlSource(path: string): Promise<MessageSource> {
  const single = (await stat(path)).isFile();
  const files = single
    ? [path]
    : (await readdir(path, { recursive: true })).filter((name) => name.toLowerCase().endsWith('.eml')).sort();
  let done = 0;
  return {
    total: files.length,
    done: () => done,
    async *messages() {
      for (const name of files) {
        const file = single ? name : join(path, name);
        const { mtimeMs } = await stat(file);
        const folder = single ? '.' : dirname(relative(path, file));
        const raw = withCrlf(await readFile(file));
        done++;
        yield {
          folder: folder === '.' ? undefined : folder.split(sep).map(decodeName).join('/'),
          flags: [],
          date: mtimeMs,
          raw,
        };
      }
    },
  };
}

/** Already there: nothing is written. */
export async function writeEml(root: string, name: string, { folder, date, raw }: FileMessage): Promise<void> {
  const path = folderPath(root, folder ?? 'INBOX');
  const file = join(path, `${name}.eml`);
  if (await exists(file)) return;
  await mkdir(path, { recursive: true, mode: 0o700 });
  const temporary = join(path, `.${basename(file)}.part`);
  await writeFile(temporary, raw, { mode: 0o600 });
  if (date !== undefined) await utimes(temporary, date / 1000, date / 1000);
  await rename(temporary, file);
}

/** A mail folder's place in the file system. Names cannot lead out of `root`. */
export function folderPath(root: string, folder: string): string {
  return join(root, ...folder.split('/').map(folderFileName));
}

function decodeName(name: string): string {
  return name.replaceAll(/%([0-9a-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}
