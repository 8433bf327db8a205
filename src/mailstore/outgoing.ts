/** What an account's user sends: reading the rows, and running the operations on them. */
import { MailError } from '../mail/error.ts';
import type { AccountId, Body, EmailId, Staged } from './api.ts';
import { StoredBody } from './bodies.ts';
import { forgetEmails } from './forget.ts';
import {
  accountPartition,
  allOutbox,
  allSubmissions,
  deliveriesOf,
  deliveryKey,
  outboxAfter,
  outboxOf,
  sentKey,
  submissionIdOf,
  submissionKey,
  submissionsBefore,
} from './keys.ts';
import type { Mailbox, Node } from './mailbox.ts';
import * as operations from './operations/submissions.ts';
import { readDetails } from './read-details.ts';
import type {
  Delivery,
  DeliveryChange,
  DeliveryChanged,
  NewSubmission,
  OutboxItem,
  Outgoing,
  Submission,
  SubmissionId,
  SubmissionState,
  Submitted,
} from './submission.ts';
import { told } from './told.ts';

const PAGE = 100;
/** Effects handed out at once. */
const MOST_EFFECTS = 1000;

export class AccountOutgoing implements Outgoing {
  readonly #mailbox: Mailbox;
  readonly #node: Node;

  constructor(mailbox: Mailbox, node: Node) {
    this.#mailbox = mailbox;
    this.#node = node;
  }

  get #account(): AccountId {
    return this.#mailbox.account;
  }

  get #partition() {
    return accountPartition(this.#account);
  }

  async submit(content: Staged, submission: NewSubmission): Promise<Submitted> {
    const { staging } = this.#node;
    const staged = submission.copy?.staged;
    if (content.account !== this.#account || (staged && staged.account !== this.#account))
      throw new MailError('not-allowed', 'bug', 'staged for another account');
    const copy = staged && (await told(() => staging.facts(staged)));
    const operation = operations.submit(content.email, submission, copy, this.#node.clock.now());
    const mayLeave = staging.durableWith(staged ? [content, staged] : [content]);
    const submitted = await this.#mailbox.run({ ...operation, mayLeave });
    staging.published(content.email);
    if (staged) staging.published(staged.email);
    if (submitted.duplicate && submitted.id !== content.email)
      this.#mailbox.inBackground(
        forgetEmails(this.#node.kv, this.#account, [content.email, ...(staged ? [staged.email] : [])]),
      );
    return submitted;
  }

  async get(id: SubmissionId): Promise<Submission | undefined> {
    const row = await this.#row(id);
    return row && operations.publicSubmission(id, row);
  }

  async list(
    options: { readonly before?: SubmissionId; readonly limit?: number } = {},
  ): Promise<readonly Submission[]> {
    const { before, limit = PAGE } = options;
    const range = { ...(before === undefined ? allSubmissions() : submissionsBefore(before)), reverse: true, limit };
    const found: Submission[] = [];
    await told(async () => {
      for await (const page of this.#node.kv.scan(this.#partition, range))
        for (const [key, value] of page)
          found.push(operations.publicSubmission(submissionIdOf(key), operations.decodeSubmission(value)));
    });
    return found;
  }

  async withMessageId(messageId: string): Promise<Submission | undefined> {
    const [value] = await told(() => this.#node.kv.get(this.#partition, [sentKey(messageId)]));
    return value && this.get(Buffer.from(value).toString('hex') as SubmissionId);
  }

  async delivery(id: SubmissionId, part: number): Promise<Delivery | undefined> {
    const [value] = await told(() => this.#node.kv.get(this.#partition, [deliveryKey(checked(id), part)]));
    return value && operations.decodeDelivery(value);
  }

  async deliveries(id: SubmissionId): Promise<readonly Delivery[]> {
    const found: Delivery[] = [];
    await told(async () => {
      for await (const page of this.#node.kv.scan(this.#partition, deliveriesOf(checked(id))))
        for (const [, value] of page) found.push(operations.decodeDelivery(value));
    });
    return found;
  }

  async content(id: SubmissionId): Promise<Body> {
    const { kv, blobs } = this.#node;
    const details = await told(() => readDetails(kv, this.#account, checked(id)));
    if (!details) throw new MailError('message-missing', 'user', `nothing is to be sent as ${id}`);
    return new StoredBody(kv, blobs, this.#account, details);
  }

  async release(id: SubmissionId): Promise<{ state: SubmissionState | undefined; at?: number }> {
    const row = await this.#row(id);
    const copy = row?.state === 'held' ? row.copy : undefined;
    const facts = copy && (await told(() => this.#node.staging.facts({ account: this.#account, ...copy })));
    return this.#mailbox.run(operations.release(id, facts, this.#node.clock.now()));
  }

  async cancel(id: SubmissionId): Promise<boolean> {
    const copy = (await this.#row(id))?.copy;
    const { cancelled, finished } = await this.#mailbox.run(operations.cancel(id));
    if (finished) this.#forget(id);
    if (cancelled && copy) this.#forget(copy.email);
    return cancelled;
  }

  async recall(id: SubmissionId): Promise<'cancelled' | 'asked' | undefined> {
    const copy = (await this.#row(id))?.copy;
    const { state, finished } = await this.#mailbox.run(operations.recall(id, this.#node.clock.now()));
    if (finished) this.#forget(id);
    if (state === 'cancelled' && copy) this.#forget(copy.email);
    return state;
  }

  async outbox(after?: Pick<OutboxItem, 'submission' | 'number'>): Promise<readonly OutboxItem[]> {
    const items: OutboxItem[] = [];
    const range = after === undefined ? allOutbox() : outboxAfter(after.submission, after.number);
    await told(async () => {
      for await (const page of this.#node.kv.scan(this.#partition, { ...range, limit: MOST_EFFECTS }))
        for (const [key, value] of page) {
          const [submission, number] = outboxOf(key);
          items.push({ submission, number, effect: operations.decodeEffect(value) });
        }
    });
    return items;
  }

  async carriedOut({ submission, number }: Pick<OutboxItem, 'submission' | 'number'>): Promise<void> {
    if (await this.#mailbox.run(operations.carriedOut(submission, number))) this.#forget(submission);
  }

  async changeDelivery(
    id: SubmissionId,
    part: number,
    change: (delivery: Delivery, submission: Submission) => DeliveryChange | undefined,
    marks: { readonly carriesOut?: number; readonly settles?: number | undefined } = {},
  ): Promise<DeliveryChanged> {
    const now = this.#node.clock.now();
    const operation = operations.changeDelivery(checked(id), part, change, marks, now);
    const { finished, ...changed } = await this.#mailbox.run(operation);
    if (finished) this.#forget(id);
    return changed;
  }

  async #row(id: SubmissionId): Promise<operations.SubmissionRow | undefined> {
    const [value] = await told(() => this.#node.kv.get(this.#partition, [submissionKey(checked(id))]));
    return value && operations.decodeSubmission(value);
  }

  /** Nobody will ask for this content again. What a crash leaves is collected with the submission's row. */
  #forget(email: EmailId): void {
    this.#mailbox.inBackground(forgetEmails(this.#node.kv, this.#account, [email]));
  }
}

/** Ids come from outside, too. */
function checked(id: SubmissionId): SubmissionId {
  if (!/^[0-9a-f]{24}$/.test(id)) throw new MailError('message-missing', 'user', 'no submission has such an id');
  return id;
}
