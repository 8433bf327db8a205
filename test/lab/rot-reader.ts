/** A process that reads damaged copies: LMDB may end it, or never end. Told what to damage over its channel. */
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type AllHeld, readStore } from './rot.ts';

export interface Damage {
  /** Within the data folder. */
  readonly file: string;
  /** Of the byte. */
  readonly offset: number;
  /** Flipped; undefined: the file ends here. */
  readonly bit?: number;
}

const [sound = '', copy = ''] = process.argv.slice(2);
const held = JSON.parse(readFileSync(join(sound, 'held.json'), 'utf8')) as AllHeld;

process.on('message', ({ file, offset, bit }: Damage) => {
  void (async () => {
    rmSync(copy, { recursive: true, force: true });
    cpSync(join(sound, 'kv', 'data.mdb'), join(copy, 'kv', 'data.mdb'));
    cpSync(join(sound, 'blobs'), join(copy, 'blobs'), { recursive: true });
    const path = join(copy, file);
    const bytes = readFileSync(path);
    if (bit !== undefined) bytes[offset]! ^= 1 << bit;
    writeFileSync(path, bit === undefined ? bytes.subarray(0, offset) : bytes);
    process.send?.(await readStore(copy, held));
  })();
});
process.send?.('ready');
