/** The key-value store in the lab: with points around everything that counts, or acknowledging too early. */
import { setTimeout as sleep } from 'node:timers/promises';
import { openLmdb as really } from '../../src/adapters/kv-lmdb.ts';
import type { Batch, CommitResult, KeyValueStore, Partition } from '../../src/ports/kv.ts';
import { plan } from './compose.ts';
import { arm, point } from './points.ts';

/** How long the sabotaged store keeps what it has acknowledged to itself. */
const EARLY_MS = 200;

export async function openLmdb(folder: string): Promise<KeyValueStore> {
  process.on('SIGUSR2', arm);
  const kv = await really(folder);
  return plan.sabotage === 'early' ? early(kv) : withPoints(kv);
}

function withPoints(kv: KeyValueStore): KeyValueStore {
  const kind = (p: Partition) => p[0] ?? '';
  return delegate(kv, {
    async head(p) {
      point('read');
      return kv.head(p);
    },
    async get(p, keys) {
      point('read');
      return kv.get(p, keys);
    },
    async commit(p, expect, next, batch, id) {
      point(`commit.${kind(p)}.before`);
      const result = await kv.commit(p, expect, next, batch, id);
      point(`commit.${kind(p)}.after`);
      told(p, batch);
      return result;
    },
    async putImmutable(p, bucket, rows) {
      const name = /^[a-z]+$/.test(bucket) ? bucket : 'mail';
      point(`put.${name}.before`);
      await kv.putImmutable(p, bucket, rows);
      point(`put.${name}.after`);
    },
    async dropImmutable(p, bucket, keys) {
      point('drop.before');
      await kv.dropImmutable(p, bucket, keys);
      point('drop.after');
    },
  });
}

/** Of the queues' commits: says `applied` at once, and writes a little later, in order. */
function early(kv: KeyValueStore): KeyValueStore {
  const versions = new Map<Partition, number>();
  let last: Promise<unknown> = Promise.resolve();
  return delegate(kv, {
    async head(p) {
      const head = await kv.head(p);
      return { ...head, version: Math.max(head.version, versions.get(p) ?? 0) };
    },
    async commit(p, expect, next, batch, id): Promise<CommitResult> {
      // Filing is merely slow, so that there is always mail which only the queue has.
      if (p.startsWith('u/')) await sleep(EARLY_MS / 2);
      if (!p.startsWith('q/')) return kv.commit(p, expect, next, batch, id);
      const version = versions.get(p) ?? (await kv.head(p)).version;
      if (version !== expect) return { kind: 'conflict', version };
      versions.set(p, next);
      const due = sleep(EARLY_MS);
      last = last.then(() => due).then(() => kv.commit(p, expect, next, batch, id));
      return { kind: 'applied' };
    },
    async [Symbol.asyncDispose]() {
      await last;
      await kv[Symbol.asyncDispose]();
    },
  });
}

/** The acknowledgement has left, and the mail is not in its mailbox yet. */
function told(p: Partition, batch: Batch): void {
  if (p.startsWith('q/') && batch.put?.length) setImmediate(() => point('commit.q.told'));
}

function delegate(kv: KeyValueStore, own: Partial<KeyValueStore>): KeyValueStore {
  return new Proxy(kv, {
    get(target, name) {
      const mine = own[name as keyof KeyValueStore];
      if (mine !== undefined) return mine;
      const value = Reflect.get(target, name, target) as unknown;
      return typeof value === 'function' ? (value as (...args: unknown[]) => unknown).bind(target) : value;
    },
  });
}
