/** Mail stores on the reference adapters, for tests. */
import { createHash } from 'node:crypto';
import { LocalBus } from '../../src/adapters/bus-local.ts';
import { ManualClock } from '../../src/adapters/clock-manual.ts';
import { MemoryKv, type Nasty } from '../../src/adapters/kv-memory.ts';
import { SeededRandom } from '../../src/adapters/random-seeded.ts';
import type { AccountId, MailAccount, MailStore, Principal } from '../../src/mailstore/api.ts';
import { Parsing, type ParsingOptions } from '../../src/mailstore/parsing.ts';
import { createMailStore, type MailStoreOptions } from '../../src/mailstore/store.ts';
import { type BlobInfo, type BlobKey, type BlobStore, blobKey } from '../../src/ports/blob.ts';
import type { Clock } from '../../src/ports/clock.ts';
import { Damaged, type KeyValueStore } from '../../src/ports/kv.ts';

export class MemoryBlobs implements BlobStore {
  readonly contents = new Map<BlobKey, { bytes: Uint8Array; modified: number }>();
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  async put(key: BlobKey, content: Uint8Array | AsyncIterable<Uint8Array>): Promise<void> {
    const pieces: Uint8Array[] = [];
    if (content instanceof Uint8Array) pieces.push(content);
    else for await (const piece of content) pieces.push(Uint8Array.from(piece));
    const bytes = Buffer.concat(pieces);
    if (!key.endsWith(digest(bytes))) throw new Damaged(`a content that is not ${key}`);
    if (!this.contents.has(key)) this.contents.set(key, { bytes, modified: this.#clock.now() });
  }

  async get(key: BlobKey, start = 0, end?: number): Promise<AsyncIterable<Uint8Array> | undefined> {
    const bytes = this.contents.get(key)?.bytes;
    if (!bytes) return undefined;
    return (async function* () {
      if (!key.endsWith(digest(bytes))) throw new Damaged(`blob ${key}`);
      for (let at = start; at < (end ?? bytes.length); at += 10_000)
        yield bytes.subarray(at, Math.min(at + 10_000, end ?? bytes.length));
    })();
  }

  async info(key: BlobKey): Promise<BlobInfo | undefined> {
    const content = this.contents.get(key);
    return content && { key, size: content.bytes.length, modified: content.modified };
  }

  async drop(key: BlobKey): Promise<void> {
    this.contents.delete(key);
  }

  async *list(): AsyncIterable<BlobInfo> {
    for (const [key, { bytes, modified }] of this.contents) yield { key, size: bytes.length, modified };
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}

export const digest = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
export const keyOf = (bytes: Uint8Array, generation = 0): BlobKey => blobKey(generation, digest(bytes));

type Tuning = NonNullable<MailStoreOptions['tuning']>;
type Thread = NonNullable<ParsingOptions['thread']>;

export interface MailStoreLab {
  readonly kv: MemoryKv;
  readonly blobs: MemoryBlobs;
  readonly clock: ManualClock;
  readonly bus: LocalBus;
  readonly store: MailStore;
  /** What went wrong behind somebody's back. */
  readonly errors: unknown[];
  /** Another node on the same kv and blobs; `deaf` = no wake-up reaches it. */
  readonly another: (
    seed: number,
    options?: { deaf?: boolean; kv?: KeyValueStore; tuning?: Tuning; thread?: Thread },
  ) => MailStore;
}

export const ALICE = 'alice-1' as AccountId;
export const SYSTEM: Principal = { kind: 'system', role: 'intake' };

export function mailStoreLab(
  options: { nasty?: Nasty; now?: number; tuning?: Tuning; thread?: Thread } = {},
): MailStoreLab {
  const clock = new ManualClock(options.now ?? Date.UTC(2026, 2, 1, 9));
  const kv = new MemoryKv(options.nasty);
  const blobs = new MemoryBlobs(clock);
  const bus = new LocalBus();
  const errors: unknown[] = [];
  const log = { error: (facts: Record<string, unknown>, message: string) => void errors.push([message, facts]) };
  const another: MailStoreLab['another'] = (seed, { deaf = false, kv: other = kv, tuning = {}, thread } = {}) =>
    createMailStore({
      kv: other,
      blobs,
      clock,
      random: new SeededRandom(seed),
      bus: deaf ? new LocalBus() : bus,
      log,
      tuning,
      ...(thread && { parsing: new Parsing({ clock, log, thread }) }),
    });
  return { kv, blobs, clock, bus, store: another(1, options), errors, another };
}

/** A lab with an account, opened. */
export async function aliceLab(
  options: { nasty?: Nasty; now?: number; quota?: number; tuning?: Tuning; thread?: Thread } = {},
): Promise<MailStoreLab & { alice: MailAccount & Disposable }> {
  const lab = mailStoreLab(options);
  await lab.store.createAccount(ALICE, options.quota === undefined ? {} : { quota: options.quota });
  return { ...lab, alice: await lab.store.open(SYSTEM, ALICE) };
}

export function mail(subject: string, body = 'Hello.\r\n', fields: readonly string[] = []): Buffer {
  const header = [
    'From: Bob <bob@example.test>',
    'To: alice@example.test',
    `Subject: ${subject}`,
    'Date: Sun, 1 Mar 2026 09:00:00 +0000',
    ...fields,
  ];
  return Buffer.from(`${header.join('\r\n')}\r\n\r\n${body}`);
}

export async function problemsOf(store: MailStore, account?: AccountId): Promise<string[]> {
  const problems: string[] = [];
  for await (const { account: of, problem } of store.verify(account)) problems.push(`${of}: ${problem}`);
  return problems;
}
