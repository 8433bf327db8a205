/**
 * What those who run the service did, and who looked at mail that is not theirs: entries that are only ever added, each with the hash of the
 * one before. Who changes, removes or inserts one breaks the chain from there on; who makes all of it anew is found by whoever has noted a
 * number and its hash (they are in the log, too).
 */
import { hash } from 'node:crypto';
import { MailError } from '../mail/error.ts';
import type { Clock } from '../ports/clock.ts';
import { type Key, type KeyValueStore, type Partition, partition } from '../ports/kv.ts';
import type { Random } from '../ports/random.ts';
import { decode, encode } from './rows.ts';
import { Transactions } from './transact.ts';

export interface AuditEvent {
  /** An address, or `operator` for the command line. */
  readonly by: string;
  /** The operation of the command line, or method and route. */
  readonly what: string;
  /** What it was about; no secrets. */
  readonly about: string;
  /** `asked` before it is done; a second entry says when it failed. */
  readonly outcome: 'asked' | 'failed';
}

export interface AuditEntry extends AuditEvent {
  /** From 1, without gaps. */
  readonly number: number;
  /** Milliseconds since 1970. */
  readonly at: number;
  /** Of the entry before; '' for the first one. */
  readonly before: string;
  /** SHA-256 over all of the above, base64url. */
  readonly hash: string;
}

/** The last entry, as one notes it elsewhere. */
export interface AuditAnchor {
  readonly number: number;
  readonly hash: string;
}

export interface AuditVerdict {
  readonly entries: number;
  readonly last: AuditAnchor | undefined;
  /** What is wrong, in the order of the entries; empty when the chain holds. */
  readonly problems: readonly string[];
}

const HERE: Partition = partition('c', 'audit');
const MOST_TEXT = 1_000;
const MOST_PROBLEMS = 20;
const PAGE = 500;

export class AuditTrail {
  readonly #kv: KeyValueStore;
  readonly #clock: Clock;
  readonly #transactions: Transactions;

  constructor(kv: KeyValueStore, clock: Clock, random: Random) {
    this.#kv = kv;
    this.#clock = clock;
    this.#transactions = new Transactions(kv, clock, random);
  }

  /** Durable when resolved: what it is about is done afterwards. */
  add(event: AuditEvent): Promise<AuditEntry> {
    return this.#transactions.run(HERE, ({ header }) => {
      const last = decode<AuditAnchor>(header);
      const entry = sealed({
        number: (last?.number ?? 0) + 1,
        at: this.#clock.now(),
        by: cut(event.by),
        what: cut(event.what),
        about: cut(event.about),
        outcome: event.outcome,
        before: last?.hash ?? '',
      });
      const { number } = entry;
      return {
        batch: { header: encode({ number, hash: entry.hash }), put: [[keyOf(number), encode(entry)]] },
        result: entry,
      };
    });
  }

  /** Those after a number, in their order, `limit` at most. */
  async list(after: number, limit: number): Promise<readonly AuditEntry[]> {
    const found: AuditEntry[] = [];
    for await (const page of this.#kv.scan(HERE, { start: keyOf(after + 1), limit }))
      for (const [, value] of page) {
        const entry = decode<AuditEntry>(value);
        if (entry !== undefined && found.length < limit) found.push(entry);
      }
    return found;
  }

  async last(): Promise<AuditAnchor | undefined> {
    return decode<AuditAnchor>((await this.#kv.head(HERE)).value);
  }

  /** Reads all of it. `noted`: what the entry with that number was, as somebody wrote it down. */
  async verify(noted?: AuditAnchor): Promise<AuditVerdict> {
    const last = await this.last();
    const problems: string[] = [];
    let before: AuditEntry | undefined;
    for (
      let after = 0, page: readonly AuditEntry[];
      problems.length < MOST_PROBLEMS;
      after = page.at(-1)?.number ?? after
    ) {
      page = await this.list(after, PAGE);
      for (const entry of page) {
        // What was added since the last one was asked for is no surprise.
        if (last !== undefined && entry.number > last.number) break;
        const expected = (before?.number ?? 0) + 1;
        if (entry.number !== expected) problems.push(`entry ${expected} is missing`);
        else if (entry.before !== (before?.hash ?? ''))
          problems.push(`entry ${entry.number} does not follow the one before`);
        if (sealed(entry).hash !== entry.hash) problems.push(`entry ${entry.number} was changed`);
        if (noted?.number === entry.number && noted.hash !== entry.hash)
          problems.push(`entry ${entry.number} is not the one that was noted`);
        before = entry;
      }
      if (page.length < PAGE) break;
    }
    if (before?.number !== last?.number || before?.hash !== last?.hash)
      problems.push('the end of the trail is missing');
    if (noted !== undefined && noted.number > (before?.number ?? 0)) problems.push(`entry ${noted.number} is missing`);
    return { entries: before?.number ?? 0, last, problems: problems.slice(0, MOST_PROBLEMS) };
  }
}

function sealed({ number, at, by, what, about, outcome, before }: Omit<AuditEntry, 'hash'>): AuditEntry {
  const text = JSON.stringify([number, at, by, what, about, outcome, before]);
  return { number, at, by, what, about, outcome, before, hash: hash('sha256', text, 'base64url') };
}

function keyOf(number: number): Key {
  const key = Buffer.alloc(9);
  key.write('e');
  key.writeBigUInt64BE(BigInt(number), 1);
  return key;
}

function cut(text: string): string {
  return text.toWellFormed().slice(0, MOST_TEXT);
}

/** `12:hash`. Throws `syntax`. */
export function parseAnchor(text: string): AuditAnchor {
  const found = /^(\d{1,15}):([\w-]{43})$/.exec(text);
  if (found === null) throw new MailError('syntax', 'syntax', `not a number and a hash: ${text.slice(0, 80)}`);
  return { number: Number(found[1]), hash: found[2] ?? '' };
}

/** `current`: the password of who does it. */
const SECRET = /password|token|secret|key|code|^current$/i;

/** Arguments as an entry shows them: names and values, without secrets. */
export function aboutOf(args: unknown): string {
  const shown = (name: string, value: unknown): unknown => (SECRET.test(name) ? '[secret]' : value);
  return JSON.stringify(args, shown) ?? '';
}
