/**
 * How far each extension module has come in the log of an account. The log is not cut above them, so that a module that was away for
 * weeks still hears everything. They stand beside the account (partition `m`): moving one on is no change of the account.
 */
import { type CommitId, type KeyValueStore, type Partition, partition, type Version } from '../ports/kv.ts';
import type { Random } from '../ports/random.ts';
import type { AccountId } from './api.ts';

const ATTEMPTS = 20;

interface CursorsNode {
  readonly kv: KeyValueStore;
  readonly newId: () => string;
}

function cursorPartition(account: AccountId): Partition {
  return partition('m', account);
}

export class Cursors {
  readonly #kv: KeyValueStore;
  readonly #random: Random;

  constructor(kv: KeyValueStore, random: Random) {
    this.#kv = kv;
    this.#random = random;
  }

  /** Undefined when the module has none in this account. */
  async read(account: AccountId, module: string): Promise<Version | undefined> {
    const [value] = await this.#kv.get(cursorPartition(account), [Buffer.from(module)]);
    return value && versionOf(value);
  }

  /** Undefined takes it away: nothing is kept for that module any more. Throws when others keep writing; then nothing changed. */
  async write(account: AccountId, module: string, version: Version | undefined): Promise<void> {
    const p = cursorPartition(account);
    const key = Buffer.from(module);
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const head = await this.#kv.head(p);
      const batch = version === undefined ? { remove: [key] } : { put: [[key, valueOf(version)]] as const };
      const id = `cursor.${Buffer.from(this.#random.bytes(12)).toString('base64url')}` as CommitId;
      const { kind } = await this.#kv.commit(p, head.version, head.version + 1, batch, id);
      if (kind === 'applied') return;
      if (kind === 'unknown' && (await this.#kv.resolve(p, head.version, id)) === 'applied') return;
    }
    throw new Error(`the cursor of ${module} could not be written`);
  }
}

/** Those of an account that was removed. One that a module writes afterwards goes with the next sweep. */
export async function forgetCursors({ kv, newId }: CursorsNode, account: AccountId): Promise<void> {
  const p = cursorPartition(account);
  for await (const page of kv.scan(p, { limit: 1 })) {
    if (page.length === 0) continue;
    const { version } = await kv.head(p);
    // Who came between has written: the next sweep looks again.
    await kv.commit(p, version, version + 1, { clear: [{}] }, newId() as CommitId);
  }
}

/** The lowest cursor of an account: what comes after it must stay in the log. */
export async function lowestCursor(kv: KeyValueStore, account: AccountId): Promise<Version | undefined> {
  let lowest: Version | undefined;
  for await (const page of kv.scan(cursorPartition(account), {}))
    for (const [, value] of page) lowest = Math.min(lowest ?? Infinity, versionOf(value));
  return lowest;
}

function valueOf(version: Version): Uint8Array {
  const value = Buffer.alloc(8);
  value.writeDoubleBE(version);
  return value;
}

function versionOf(value: Uint8Array): Version {
  return Buffer.from(value.buffer, value.byteOffset, value.byteLength).readDoubleBE();
}
