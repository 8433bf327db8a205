/** What comes into an account: staged, and then made visible in one commit. */
import { MailError } from '../mail/error.ts';
import type { AccountId, NewMessage, NewPlacement, Placed, Staged, Superseded } from './api.ts';
import type { Operation } from './commit.ts';
import { emailTime } from './keys.ts';
import type { Node } from './mailbox.ts';
import type { Cause } from './noting.ts';
import { DAY, publish } from './operations/publish.ts';
import { publishAll, type StagedMessage } from './operations/publish-all.ts';
import { told } from './told.ts';

/** Staged content is taken for this long, in milliseconds. */
export const STAGED_FOR = 30 * DAY;

/** Messages of one call that are on their way to the disk while so many more come in. */
const AT_ONCE = 64;

export class Adding {
  readonly #account: AccountId;
  readonly #node: Node;
  readonly #run: <T>(operation: Operation<T>, cause: Cause) => Promise<T>;

  constructor(account: AccountId, node: Node, run: <T>(operation: Operation<T>, cause: Cause) => Promise<T>) {
    this.#account = account;
    this.#node = node;
    this.#run = run;
  }

  async stage(raw: Uint8Array | AsyncIterable<Uint8Array>): Promise<Staged> {
    const [staged] = await told(() => this.#node.staging.stage([{ account: this.#account }], raw));
    return staged!;
  }

  async publish(staged: Staged, to: NewPlacement): Promise<Placed> {
    if (staged.account !== this.#account) throw new MailError('not-allowed', 'bug', 'staged for another account');
    const { clock, staging } = this.#node;
    const now = clock.now();
    if (emailTime(staged.email) < now - STAGED_FOR)
      throw new MailError('message-missing', 'user', `${staged.email} was staged too long ago`);
    const facts = await told(() => staging.facts(staged));
    const mayLeave = staging.durableWith([staged]);
    const placed = await this.#run({ ...publish(facts, to, now), mayLeave }, 'APPEND');
    staging.published(staged.email);
    return placed;
  }

  /** See `MailAccount.addMessages`. */
  async all(messages: AsyncIterable<NewMessage>, superseded: Superseded | undefined): Promise<readonly Placed[]> {
    const { clock, staging } = this.#node;
    const staged: Staged[] = [];
    const known: StagedMessage[] = [];
    for await (const { raw, to } of messages) {
      const one = await this.stage(raw);
      staged.push(one);
      known.push({ facts: await told(() => staging.facts(one)), to });
      // They become durable together; but what comes in waits for the disk now and then, though not for what it has just been given.
      if (staged.length % AT_ONCE === 0) await told(() => staging.written(staged.slice(-2 * AT_ONCE, -AT_ONCE)));
    }
    if (known.length === 0) return [];
    const mayLeave = staging.durableWith(staged);
    const placed = await this.#run({ ...publishAll(known, clock.now(), superseded), mayLeave }, 'APPEND');
    for (const { email } of staged) staging.published(email);
    return placed;
  }
}
