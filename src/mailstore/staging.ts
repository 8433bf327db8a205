/**
 * Writing a message's immutable data before anything names it: details and body rows in each account's partition, large
 * parts as blobs. What is never published is forgotten by a sweep.
 */
import { MailError } from '../mail/error.ts';
import type { BlobStore } from '../ports/blob.ts';
import type { Clock } from '../ports/clock.ts';
import type { Entry, KeyValueStore } from '../ports/kv.ts';
import type { Random } from '../ports/random.ts';
import type { AccountId, EmailId, Staged } from './api.ts';
import { storeBlob } from './blob-links.ts';
import { BODY_CHUNK } from './bodies.ts';
import { BLOB_BYTES, type Cut, cutMessage } from './cut.ts';
import { decodeDetails, detailsRows, type FreshDetails, type StoredDetails } from './details.ts';
import { accountPartition, bodyKey, bucketOf } from './keys.ts';
import type { Parsing } from './parsing.ts';
import { MemorySource, type RawSource, Receiver } from './raw-source.ts';
import { readDetails } from './read-details.ts';
import { type ThreadKey, threadKeys } from './thread-keys.ts';

const NOTHING: Uint8Array = new Uint8Array(0);

/** What publishing needs to know of staged content. */
export interface StagedFacts {
  readonly email: EmailId;
  readonly size: number;
  readonly date: number | undefined;
  readonly threadKeys: readonly ThreadKey[];
}

/** From this many recipients on they share one blob of the rest, too. */
const SHARED_FROM = 5;
/** Facts kept in memory between `stage` and `publish`. */
const MOST_FACTS = 20_000;
/** Of content that is kept as well, so that the stages of the intake need not read it back. */
const MOST_BYTES = 32 << 20;
/** Of a mail. */
const ROWS_AT_ONCE = 16;
/** Larger mail is read from the store. */
const KEPT_MESSAGE = 64 << 10;

/** The rows as they were written. */
interface Kept {
  readonly details: readonly Uint8Array[];
  readonly body: Uint8Array;
  readonly fresh: FreshDetails;
}

/** What was staged, as the stages of the intake read it one after the other. */
export interface StagedContent {
  readonly details: StoredDetails;
  /** The only row of the body, if it is still in memory. */
  readonly bodyRow: Uint8Array | undefined;
}

/** Rows on their way into the store. */
interface Write {
  readonly done: Promise<void>;
  state: 'under-way' | 'durable' | 'lost';
  /** Of the store, before they were issued. */
  readonly lost: number | undefined;
}

interface Remembered {
  readonly facts: StagedFacts;
  readonly write: Write;
  readonly kept: Kept | undefined;
  /** Once somebody has read them. */
  details?: StoredDetails;
}

export interface StagingOptions {
  readonly kv: KeyValueStore;
  readonly blobs: BlobStore;
  readonly clock: Clock;
  readonly random: Random;
  /** A folder for large messages while they come in. */
  readonly spool: string;
  readonly parsing: Parsing;
}

export class Staging {
  readonly #options: StagingOptions;
  readonly #receiver: Receiver;
  readonly #remembered = new Map<EmailId, Remembered>();
  /** As long as the caller holds on to what `stage` answered. */
  readonly #writes = new WeakMap<Staged, Write>();
  #keptBytes = 0;
  #pool: Uint8Array = NOTHING;
  #poolAt = 0;

  constructor(options: StagingOptions) {
    this.#options = options;
    this.#receiver = new Receiver(options.spool);
  }

  async stage(
    accounts: readonly { readonly account: AccountId; readonly prefix?: Uint8Array | (() => Uint8Array) }[],
    raw: Uint8Array | AsyncIterable<Uint8Array>,
  ): Promise<readonly Staged[]> {
    const taken = raw instanceof Uint8Array ? raw : await this.#receiver.receive(raw, this.#newEmail());
    await using source = taken instanceof Uint8Array ? new MemorySource(taken) : taken;
    return await this.#write(accounts, source);
  }

  async #write(
    accounts: readonly { readonly account: AccountId; readonly prefix?: Uint8Array | (() => Uint8Array) }[],
    source: RawSource,
  ): Promise<readonly Staged[]> {
    const { details: common, date, threadKeys: keys, large, fresh } = await this.#options.parsing.parse(source);
    const users = accounts.map(({ account, prefix }) => ({
      account,
      prefix: typeof prefix === 'function' ? prefix() : (prefix ?? NOTHING),
      email: this.#newEmail(),
    }));
    const shared = users.length >= SHARED_FROM;
    const { segments, blobs, rest } =
      source instanceof MemorySource && source.size < BLOB_BYTES && !shared
        ? uncut(source.bytes)
        : await cutMessage(source, large, shared, (content) =>
            storeBlob(this.#options.kv, this.#options.blobs, users, content),
          );
    const writes: Promise<void>[] = [];
    const staged = users.map(({ account, prefix, email }): Staged => {
      const size = prefix.length + source.size;
      const rows = detailsRows(email, size, { prefix, segments, blobs }, common);
      const kept =
        fresh && segments[0]?.kind === 'rows' && size <= KEPT_MESSAGE && this.#keptBytes + size <= MOST_BYTES
          ? { details: rows.map(([, row]) => row), body: rest, fresh }
          : undefined;
      for (let at = 0; at < rest.length; at += BODY_CHUNK)
        rows.push([bodyKey(email, at / BODY_CHUNK), rest.subarray(at, at + BODY_CHUNK)]);
      const write = this.#put(account, email, rows);
      writes.push(write.done);
      this.#remember({ facts: { email, size, date, threadKeys: keys }, write, kept });
      const answer: Staged = { account, email, size };
      this.#writes.set(answer, write);
      return answer;
    });
    // Where the store keeps the order of writes, the commit that follows makes these durable: one sync for both.
    const { supports, lost } = this.#options.kv;
    if (!supports.orderedWrites || lost === undefined) await Promise.all(writes);
    return staged;
  }

  /** Rejects when something of it could not be written. */
  async written(staged: readonly Staged[]): Promise<void> {
    for (const one of staged) {
      const write = this.#writes.get(one);
      if (!write) throw new MailError('bug', 'bug', 'asked about what `stage` did not answer');
      await write.done;
    }
  }

  /**
   * `mayLeave` of an operation whose commit names these: issued while it does not throw, it is durable only together with them. Nobody has to wait
   * for the one before the other, then. Throws `store-full` when something of them may be lost.
   */
  durableWith(staged: readonly Staged[]): () => void {
    const writes = staged.map((one) => this.#writes.get(one) ?? this.#remembered.get(one.email)?.write);
    return () => {
      for (const write of writes)
        if (write?.state === 'lost' || (write?.state === 'under-way' && write.lost !== this.#options.kv.lost))
          throw new MailError('store-full', 'temporary', 'the content could not be written, or nobody knows yet');
    };
  }

  /** What `publish` needs. Whether the content is durable is for `durableWith`. Throws `message-missing`. */
  async facts(staged: Staged): Promise<StagedFacts> {
    const known = this.#remembered.get(staged.email);
    if (known) return known.facts;
    const { email, size, envelope } = (await this.content(staged)).details;
    return { email, size, date: envelope.date, threadKeys: threadKeys(envelope) };
  }

  /** Waits until the content is durable, unless it is in memory and somebody wants it at once. Throws `message-missing`. */
  async content({ account, email }: Staged, atOnce = false): Promise<StagedContent> {
    const known = this.#remembered.get(email);
    const kept = known?.kept;
    if (!atOnce || kept === undefined) await known?.write.done;
    const details =
      known?.details ??
      (kept ? decodeDetails(email, kept.details, kept.fresh) : await readDetails(this.#options.kv, account, email));
    if (!details) throw new MailError('message-missing', 'user', `nothing is staged as ${email}`);
    if (known) known.details = details;
    return { details, bodyRow: kept?.body };
  }

  published(email: EmailId): void {
    this.#keptBytes -= keptBytes(this.#remembered.get(email));
    this.#remembered.delete(email);
  }

  #remember(entry: Remembered): void {
    this.#remembered.set(entry.facts.email, entry);
    this.#keptBytes += keptBytes(entry);
    if (this.#remembered.size > MOST_FACTS) this.published(this.#remembered.keys().next().value!);
  }

  #put(account: AccountId, email: EmailId, rows: readonly Entry[]): Write {
    const { kv } = this.#options;
    const { lost } = kv;
    const p = accountPartition(account);
    const puts: Promise<void>[] = [];
    for (let i = 0; i < rows.length; i += ROWS_AT_ONCE)
      puts.push(kv.putImmutable(p, bucketOf(email), rows.slice(i, i + ROWS_AT_ONCE)));
    const write: Write = { done: Promise.all(puts).then(() => undefined), state: 'under-way', lost };
    // Whoever acknowledges asks `written` or leaves it to `durableWith`; nobody else has to.
    write.done.then(
      () => (write.state = 'durable'),
      () => (write.state = 'lost'),
    );
    return write;
  }

  /** Time-ordered, unique without coordination. */
  #newEmail(): EmailId {
    if (this.#poolAt + 6 > this.#pool.length) {
      this.#pool = this.#options.random.bytes(6 * 256);
      this.#poolAt = 0;
    }
    const time = Math.floor(this.#options.clock.now()).toString(16).padStart(12, '0');
    const random = Buffer.from(this.#pool.buffer, this.#pool.byteOffset + this.#poolAt, 6).toString('hex');
    this.#poolAt += 6;
    return (time + random) as EmailId;
  }
}

function keptBytes(entry: Remembered | undefined): number {
  return entry?.kept === undefined ? 0 : entry.facts.size;
}

function uncut(raw: Uint8Array): Cut {
  return { segments: [{ kind: 'rows', length: raw.length }], blobs: [], rest: raw };
}
