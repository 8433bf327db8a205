/**
 * Legal holds: who set them, why, and until when. The mail store keeps what is removed meanwhile; here is where they are found, by account, in rows of
 * `c/legal-holds`. A row is there before the hold and may be there after it: the account is the truth.
 */
import type { Directory } from '../directory/api.ts';
import { Transactions } from '../directory/transact.ts';
import { MailError } from '../mail/error.ts';
import { ZipWriter } from '../mail/zip-write.ts';
import { type AccountId, Flag, type MailStore } from '../mailstore/api.ts';
import type { LegalHold, PreservedMessage } from '../mailstore/legal-hold.ts';
import type { Clock } from '../ports/clock.ts';
import { type KeyValueStore, type Partition, partition } from '../ports/kv.ts';
import type { Random } from '../ports/random.ts';

export interface LegalHoldParts {
  readonly kv: KeyValueStore;
  readonly clock: Clock;
  readonly random: Random;
  readonly directory: Pick<Directory, 'account'>;
  readonly mailstore: Pick<MailStore, 'legalHolds'>;
}

export interface HoldFacts extends Omit<LegalHold, 'id'> {
  /** `<account>.<hold>`. */
  readonly id: string;
  readonly account: AccountId;
  /** As it was when the first hold was set. */
  readonly address: string;
  /** The account itself was removed since. */
  readonly removed: boolean;
}

const HERE: Partition = partition('c', 'legal-holds');
const LONGEST_REASON = 500;

export class LegalHoldList {
  readonly #parts: LegalHoldParts;
  readonly #transactions: Transactions;

  constructor(parts: LegalHoldParts) {
    this.#parts = parts;
    this.#transactions = new Transactions(parts.kv, parts.clock, parts.random);
  }

  /** Throws `account-missing`, `syntax` for a reason that is none or a time that is over. */
  async add(wanted: {
    readonly address: string;
    readonly reason: string;
    readonly by: string;
    readonly until?: number | undefined;
  }): Promise<HoldFacts> {
    const { directory, mailstore, clock, random } = this.#parts;
    const { address, by, until } = wanted;
    const reason = wanted.reason.trim();
    if (reason === '' || reason.length > LONGEST_REASON)
      throw new MailError('syntax', 'syntax', `a hold has a reason of at most ${LONGEST_REASON} letters`);
    const since = clock.now();
    if (until !== undefined && until <= since) throw new MailError('syntax', 'syntax', 'that time is over');
    const account = await directory.account(address);
    if (account === undefined) throw new MailError('account-missing', 'user', `there is no account ${address}`);
    const key = Buffer.from(account.id);
    await this.#transactions.run(HERE, () => ({
      batch: { put: [[key, Buffer.from(JSON.stringify({ address: account.address }))]] },
      result: undefined,
    }));
    const id = Buffer.from(random.bytes(6)).toString('hex');
    const hold: LegalHold = { id, reason, by, since, ...(until !== undefined && { until }) };
    await mailstore.legalHolds.add(account.id, hold);
    return { ...hold, id: `${account.id}.${id}`, account: account.id, address: account.address, removed: false };
  }

  /** By account. */
  async list(): Promise<readonly HoldFacts[]> {
    const { kv, mailstore } = this.#parts;
    const found: HoldFacts[] = [];
    for await (const page of kv.scan(HERE, {}))
      for (const [key, value] of page) {
        const account = Buffer.from(key).toString() as AccountId;
        const { address } = JSON.parse(Buffer.from(value).toString()) as { address: string };
        const { holds, removed } = await mailstore.legalHolds.of(account);
        for (const hold of holds) found.push({ ...hold, id: `${account}.${hold.id}`, account, address, removed });
      }
    return found;
  }

  /** Answers whether there was such a hold. */
  async end(id: string): Promise<boolean> {
    const hold = (await this.list()).find((one) => one.id === id);
    if (hold === undefined) return false;
    return await this.#parts.mailstore.legalHolds.end(hold.account, id.slice(hold.account.length + 1));
  }

  /** A zip file of what was removed while the account was held: messages byte for byte, and a list of them. Throws `message-missing`. */
  async *archive(id: string): AsyncGenerator<Uint8Array> {
    const { mailstore, clock } = this.#parts;
    const hold = (await this.list()).find((one) => one.id === id);
    if (hold === undefined) throw new MailError('message-missing', 'user', `there is no hold ${id}`);
    const zip = new ZipWriter();
    const listed: unknown[] = [];
    const written = new Set<string>();
    for await (const message of mailstore.legalHolds.preserved(hold.account)) {
      const name = `removed/${message.email}.eml`;
      listed.push(rowOf(name, message));
      if (written.has(name)) continue;
      written.add(name);
      const body = await mailstore.legalHolds.body(hold.account, message.email);
      if (body !== undefined) yield* zip.entry(name, message.internalDate, body.stream());
    }
    const { account, ...facts } = hold;
    yield* zip.entry('hold.json', clock.now(), [Buffer.from(`${JSON.stringify({ account, ...facts }, null, 1)}\n`)]);
    yield* zip.entry('removed.json', clock.now(), [Buffer.from(`${JSON.stringify(listed, null, 1)}\n`)]);
    yield* zip.end();
  }
}

function rowOf(file: string, { folder, uid, flags, keywords, internalDate, size }: PreservedMessage): unknown {
  const names = Object.entries(Flag).flatMap(([name, bit]) => ((flags & bit) === 0 ? [] : [name]));
  return { file, folder, uid, flags: names, keywords, received: new Date(internalDate).toISOString(), size };
}
