/** The files of the web client as `web/build.ts` made them, in memory: each also packed, so that nothing is packed while somebody waits. */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';

export interface ClientFile {
  readonly type: string;
  readonly etag: string;
  readonly plain: Buffer;
  readonly gzip?: Buffer;
  readonly br?: Buffer;
}

/** By path below the root; `index.html` is always there. */
export type ClientFiles = ReadonlyMap<string, ClientFile>;

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.webmanifest': 'application/manifest+json',
};

/** Undefined when there is no build in the folder. */
export function readClientFiles(folder: string): ClientFiles | undefined {
  if (!existsSync(join(folder, 'index.html'))) return undefined;
  const files = new Map<string, ClientFile>();
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    const type = TYPES[extname(name)];
    if (type === undefined) continue;
    const path = join(folder, name);
    const plain = readFileSync(path);
    const etag = `"${createHash('sha256').update(plain).digest('base64url').slice(0, 22)}"`;
    const packed = (ending: string) => (existsSync(path + ending) ? readFileSync(path + ending) : undefined);
    const gzip = packed('.gz');
    const br = packed('.br');
    files.set(name.replaceAll('\\', '/'), { type, etag, plain, ...(gzip && { gzip }), ...(br && { br }) });
  }
  return files;
}
