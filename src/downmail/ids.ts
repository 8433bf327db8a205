/**
 * The parts of a visible id `/senderID/recipientID/mailNo/`: addresses without their symbols, as lower-case ASCII letters and digits, so
 * that any mail program can sign in with it and any link can hold it.
 */
import { hash } from 'node:crypto';
import { MailError } from '../mail/error.ts';
import type { AccountId } from '../mailstore/api.ts';
import { type KeyValueStore, type Partition, partition } from '../ports/kv.ts';
import { Transactions } from '../directory/transact.ts';
import type { Clock } from '../ports/clock.ts';
import type { Random } from '../ports/random.ts';

const LONGEST = 48;
/** Hex digits that stand for what was left out. */
const DIGEST = 10;
/** Accounts whose addresses have the same letters and digits. */
const MOST_NAMESAKES = 1_000;

/** `tjkim@cntc.ac.kr` → `tjkimcntcackr`. What letters and digits do not say is said by a digest. */
export function recipientIdOf(address: string): string {
  return idOf(address, address);
}

/** What an account may be called, best first: its local part, its address, and these with a number. */
export function* senderIdsOf(address: string): Generator<string, void, undefined> {
  const local = address.slice(0, Math.max(0, address.lastIndexOf('@')));
  if (/[a-z0-9]/i.test(local)) yield idOf(local, address);
  const whole = idOf(address, address);
  yield whole;
  // A letter between, so that nobody else's address ends in the number.
  for (let n = 2; n <= MOST_NAMESAKES; n++) yield `${whole}x${n}`;
}

function idOf(text: string, all: string): string {
  const letters = text.toLowerCase().replaceAll(/[^a-z0-9]/g, '');
  const isWhole = letters !== '' && letters.length <= LONGEST && /^[\x20-\x7e]*$/.test(text);
  if (isWhole) return letters;
  return letters.slice(0, LONGEST) + hash('sha256', all.toLowerCase(), 'hex').slice(0, DIGEST);
}

/** As it stands in a notification; the slashes around it may be missing. Undefined for anything else. */
export function parseUserId(
  text: string,
): { readonly senderId: string; readonly recipientId: string; readonly mailNo: number } | undefined {
  const match = /^\/?([a-z0-9]{1,64})\/([a-z0-9]{1,64})\/([1-9][0-9]{0,8})\/?$/.exec(text);
  if (match === null) return undefined;
  const [, senderId = '', recipientId = '', mailNo] = match;
  return { senderId, recipientId, mailNo: Number(mailNo) };
}

/** Whose a sender id is: the header of a partition of its own; one commit decides, and nobody gets it after him. */
export class SenderIds {
  readonly #kv: KeyValueStore;
  readonly #transactions: Transactions;

  constructor(kv: KeyValueStore, clock: Clock, random: Random) {
    this.#kv = kv;
    this.#transactions = new Transactions(kv, clock, random);
  }

  async owner(senderId: string): Promise<AccountId | undefined> {
    const { value } = await this.#kv.head(claimOf(senderId));
    return value && accountIn(value);
  }

  /** The first that is free, or that the account has. */
  async take(address: string, account: AccountId): Promise<string> {
    for (const senderId of senderIdsOf(address)) {
      const owner = await this.#transactions.run(claimOf(senderId), ({ header }) => {
        const known = header && accountIn(header);
        if (known !== undefined) return { result: known };
        return { batch: { header: Buffer.from(JSON.stringify({ account })) }, result: account };
      });
      if (owner === account) return senderId;
    }
    throw new MailError('limit', 'user', `too many accounts have the letters of ${address}`);
  }
}

function claimOf(senderId: string): Partition {
  return partition('h', senderId);
}

function accountIn(value: Uint8Array): AccountId {
  return (JSON.parse(Buffer.from(value).toString()) as { account: AccountId }).account;
}
