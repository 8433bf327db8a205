/** Accounts of which nothing may go (legal hold): what was removed from their folders is kept, with its content, until the last hold ends. */
import type { KeyValueStore } from '../ports/kv.ts';
import type { AccountId, Body, EmailId, Flags, FolderId, Uid } from './api.ts';
import { StoredBody } from './bodies.ts';
import { accountPartition, allPreserved, legalHoldKey } from './keys.ts';
import type { Mailbox, Node } from './mailbox.ts';
import { addHold, decodeHolds, decodePreserved, endHolds } from './operations/legal-hold.ts';
import { readDetails } from './read-details.ts';
import { told } from './told.ts';

export interface LegalHold {
  readonly id: string;
  /** Why, in the words of who asked for it. */
  readonly reason: string;
  /** Who set it: an address, or `operator`. */
  readonly by: string;
  /** Milliseconds since 1970. */
  readonly since: number;
  /** It ends by itself then; absent: when somebody ends it. */
  readonly until?: number;
}

/** A message as it was when it was removed. */
export interface PreservedMessage {
  readonly email: EmailId;
  readonly folder: FolderId;
  readonly uid: Uid;
  readonly flags: Flags;
  readonly keywords: readonly string[];
  readonly internalDate: number;
  readonly size: number;
}

export interface HoldState {
  readonly holds: readonly LegalHold[];
  /** The account itself was removed, and goes with the last hold. */
  readonly removed: boolean;
}

export interface LegalHolds {
  /** None for an account that is not there. */
  of(account: AccountId): Promise<HoldState>;
  /** The same id again replaces what was said of it. `account-missing`, `limit`. */
  add(account: AccountId, hold: LegalHold): Promise<void>;
  /** Answers whether there was one with this id. With the last one goes what was removed meanwhile, within a day or, for what came lately, a month. */
  end(account: AccountId, id: string): Promise<boolean>;
  /** Those whose time has come. */
  endOver(account: AccountId, now: number): Promise<number>;
  /** What was removed, the first one first. A message that was in several folders is there for each. */
  preserved(account: AccountId): AsyncIterable<PreservedMessage>;
  /** Undefined when it is not there. */
  body(account: AccountId, email: EmailId): Promise<Body | undefined>;
}

type WithMailbox = <T>(account: AccountId, act: (mailbox: Mailbox) => Promise<T>) => Promise<T>;

export class StoredLegalHolds implements LegalHolds {
  readonly #node: Node;
  readonly #with: WithMailbox;
  readonly #remove: (account: AccountId) => Promise<void>;

  /** `remove`: all of an account, whatever holds there are. */
  constructor(node: Node, withMailbox: WithMailbox, remove: (account: AccountId) => Promise<void>) {
    this.#node = node;
    this.#with = withMailbox;
    this.#remove = remove;
  }

  of(account: AccountId): Promise<HoldState> {
    return told(async () => {
      const [row] = await this.#node.kv.get(accountPartition(account), [legalHoldKey()]);
      const { holds = [], removed = false } = decodeHolds(row) ?? {};
      return { holds, removed };
    });
  }

  add(account: AccountId, hold: LegalHold): Promise<void> {
    return this.#with(account, (mailbox) => mailbox.run(addHold(hold)));
  }

  async end(account: AccountId, id: string): Promise<boolean> {
    return (await this.#end(account, (hold) => hold.id === id)) > 0;
  }

  endOver(account: AccountId, now: number): Promise<number> {
    return this.#end(account, ({ until }) => until !== undefined && until <= now);
  }

  async #end(account: AccountId, ends: (hold: LegalHold) => boolean): Promise<number> {
    const { ended, last } = await this.#with(account, (mailbox) => mailbox.run(endHolds(ends)));
    if (last) await this.#remove(account);
    return ended;
  }

  preserved(account: AccountId): AsyncIterable<PreservedMessage> {
    return preservedMessages(this.#node.kv, account);
  }

  body(account: AccountId, email: EmailId): Promise<Body | undefined> {
    const { kv, blobs } = this.#node;
    return told(async () => {
      const details = await readDetails(kv, account, email);
      return details && new StoredBody(kv, blobs, account, details);
    });
  }
}

export async function* preservedMessages(kv: KeyValueStore, account: AccountId): AsyncIterable<PreservedMessage> {
  for await (const page of kv.scan(accountPartition(account), allPreserved()))
    for (const [, value] of page) yield* decodePreserved(value);
}

export async function isHeld(kv: KeyValueStore, account: AccountId): Promise<boolean> {
  const [row] = await kv.get(accountPartition(account), [legalHoldKey()]);
  return row !== undefined;
}
