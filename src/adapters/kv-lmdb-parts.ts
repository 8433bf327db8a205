/** What is known of partitions without asking LMDB: their heads, and the commits on their way. */
import type { Database } from 'lmdb';
import type { CommitId, Partition, Version } from '../ports/kv.ts';
import { Table } from './kv-lmdb-batch.ts';
import { decodeHead } from './kv-lmdb-head.ts';
import { checkPartition, unseal } from './kv-rows.ts';

const HEADS_BYTES = 32 << 20;
const HEAD_COST = 400;

export interface Part {
  /** The partition's name, and the name with a NUL: how its keys begin. */
  readonly name: Buffer;
  readonly prefix: Buffer;
  /** As it is on disk. */
  version: Version;
  commitId: CommitId | undefined;
  value: Buffer | undefined;
  /** As it will be, once what is on its way is on disk. */
  pending: Version;
  pendingValue: Buffer | undefined;
  /** Commits on their way, and the group of the last one. */
  inFlight: number;
  last: { readonly done: Promise<void> } | undefined;
  /** Latest commits of this process, by where they started. */
  recent: { readonly expect: Version; readonly id: CommitId }[];
  cost: number;
  used: boolean;
}

export class Parts {
  readonly #heads: Database<Buffer, Buffer>;
  readonly #known = new Map<Partition, Part>();
  #cost = 0;

  constructor(heads: Database<Buffer, Buffer>) {
    this.#heads = heads;
  }

  get(p: Partition): Part {
    const known = this.#known.get(p);
    if (known) {
      known.used = true;
      return known;
    }
    checkPartition(p);
    const name = Buffer.from(p);
    const sealed = this.#heads.getBinary(name);
    const head =
      sealed &&
      decodeHead(
        unseal(name, sealed, () => `header of ${p}`, Table.heads),
        p,
      );
    const part: Part = {
      name,
      prefix: Buffer.concat([name, Buffer.of(0)]),
      version: head?.version ?? 0,
      commitId: head?.commitId,
      value: head?.value,
      pending: head?.version ?? 0,
      pendingValue: head?.value,
      inFlight: 0,
      last: undefined,
      recent: [],
      cost: HEAD_COST + name.length * 4 + (head?.value?.length ?? 0),
      used: false,
    };
    this.#known.set(p, part);
    this.#cost += part.cost;
    if (this.#cost > HEADS_BYTES) this.#forget();
    return part;
  }

  /** Makes room among the heads: those go that were not used since the last time, and have nothing on its way. */
  #forget(): void {
    for (const [p, part] of this.#known) {
      if (this.#cost <= HEADS_BYTES * 0.9) return;
      this.#known.delete(p);
      if (part.used || part.inFlight > 0) {
        part.used = false;
        this.#known.set(p, part);
      } else this.#cost -= part.cost;
    }
  }
}
