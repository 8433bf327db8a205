/** The mail that an account holds for others: reading the rows, and running the operations on them. */
import { MailError } from '../mail/error.ts';
import type { AccountId, EmailId } from './api.ts';
import { forgetEmails } from './forget.ts';
import { accountPartition, heldFor, heldKey, heldNumberOf, senderMailboxKey } from './keys.ts';
import type { Operation } from './commit.ts';
import type { Mailbox, Node } from './mailbox.ts';
import { decodeSenderMailbox } from './operations/held-room.ts';
import * as operations from './operations/held.ts';
import type { Held, HeldEnd, HeldRef, NotifiedCopies, SenderMailbox, SenderMailboxFacts } from './sender-mailbox.ts';
import type { Delivery, OutboxItem, Outgoing, Submission, SubmissionId } from './submission.ts';
import { told } from './told.ts';

/** Times that other numbers are looked for when the ones found were given out meanwhile. */
const MOST_ROUNDS = 20;
const PAGE = 100;

export class AccountSenderMailbox implements SenderMailbox {
  readonly #mailbox: Mailbox;
  readonly #node: Node;
  readonly #outgoing: Outgoing;

  constructor(mailbox: Mailbox, node: Node, outgoing: Outgoing) {
    this.#mailbox = mailbox;
    this.#node = node;
    this.#outgoing = outgoing;
  }

  get #account(): AccountId {
    return this.#mailbox.account;
  }

  async facts(): Promise<SenderMailboxFacts | undefined> {
    const [value] = await told(() => this.#node.kv.get(accountPartition(this.#account), [senderMailboxKey()]));
    return value && publicFacts(decodeSenderMailbox(value));
  }

  async open(senderId: string, limit: number | undefined): Promise<SenderMailboxFacts> {
    const now = this.#node.clock.now();
    return publicFacts(await this.#mailbox.run(operations.openSenderMailbox(senderId, limit, now)));
  }

  async hold(
    submission: SubmissionId,
    part: number,
    made: Parameters<SenderMailbox['hold']>[2],
  ): Promise<readonly OutboxItem[]> {
    const effects: OutboxItem[] = [];
    let { carriesOut } = made;
    for (let round = 0; round < MOST_ROUNDS; round++) {
      const delivery = await this.#outgoing.delivery(submission, part);
      const numbers = await this.#numbers(delivery, made.recipientId);
      const operation = operations.hold(submission, part, numbers, { ...made, carriesOut }, this.#node.clock.now());
      const changed = await this.#run(submission, operation);
      const again = changed.effects.find(({ effect }) => effect.kind === 'deliver');
      effects.push(...changed.effects.filter((item) => item !== again));
      if (again === undefined) return effects;
      carriesOut = again.number;
    }
    throw new MailError('busy', 'temporary', 'the numbers of held mail are given out faster than they are found');
  }

  /** The lowest free number for each recipient who waits, by position. */
  async #numbers(
    delivery: Delivery | undefined,
    recipientId: (address: string) => string,
  ): Promise<Map<number, operations.Numbered>> {
    const numbers = new Map<number, operations.Numbered>();
    const given = new Map<string, number>();
    for (const [position, { address, state }] of (delivery?.recipients ?? []).entries()) {
      if (state !== 'queued') continue;
      const id = recipientId(address);
      const mailNo = await this.#lowestFree(id, (given.get(id) ?? 0) + 1);
      given.set(id, mailNo);
      numbers.set(position, { recipientId: id, mailNo });
    }
    return numbers;
  }

  async #lowestFree(recipientId: string, from: number): Promise<number> {
    let free = from;
    await told(async () => {
      const range = { ...heldFor(recipientId), start: heldKey(recipientId, from) };
      for await (const page of this.#node.kv.scan(accountPartition(this.#account), range))
        for (const [key] of page) {
          if (heldNumberOf(key) !== free) return;
          free++;
        }
    });
    return free;
  }

  async find(recipientId: string, mailNo: number): Promise<Held | undefined> {
    const key = heldKey(recipientId, mailNo);
    const [value] = await told(() => this.#node.kv.get(accountPartition(this.#account), [key]));
    const held = value && (await this.get(operations.decodeHeldRef(value)));
    const copy = held?.recipient.held;
    return copy?.recipientId === recipientId && copy.mailNo === mailNo ? held : undefined;
  }

  async get({ submission, part, position }: HeldRef): Promise<Held | undefined> {
    const mail = await this.#outgoing.get(submission);
    const delivery = mail && (await this.#outgoing.delivery(submission, part));
    const facts = delivery && (await this.facts());
    return facts && heldOf(facts.senderId, mail, delivery, part, position);
  }

  async *list({
    mail,
    before,
  }: {
    readonly mail?: SubmissionId;
    readonly before?: SubmissionId;
  } = {}): AsyncGenerator<Held> {
    const facts = await this.facts();
    if (facts === undefined) return;
    for await (const submission of mail === undefined ? this.#mails(before) : this.#one(mail)) {
      if (submission.hold === undefined) continue;
      for (const [part, delivery] of (await this.#outgoing.deliveries(submission.id)).entries())
        for (const position of delivery.recipients.keys()) {
          const held = heldOf(facts.senderId, submission, delivery, part, position);
          if (held) yield held;
        }
    }
  }

  async *#one(id: SubmissionId): AsyncGenerator<Submission> {
    const mail = await this.#outgoing.get(id);
    if (mail) yield mail;
  }

  async *#mails(before: SubmissionId | undefined): AsyncGenerator<Submission> {
    let last = before;
    do {
      const page = await this.#outgoing.list({ limit: PAGE, ...(last !== undefined && { before: last }) });
      yield* page;
      last = page.length < PAGE ? undefined : page.at(-1)?.id;
    } while (last !== undefined);
  }

  async failed(ref: HeldRef): Promise<number> {
    const { delivery } = await this.#run(ref.submission, operations.countFailure(ref, this.#node.clock.now()));
    return delivery?.recipients[ref.position]?.held?.failures ?? 0;
  }

  async triesCode(ref: HeldRef): Promise<number> {
    const { delivery } = await this.#run(ref.submission, operations.countCodeTry(ref, this.#node.clock.now()));
    return delivery?.recipients[ref.position]?.held?.codeTries ?? 0;
  }

  async knewCode(ref: HeldRef): Promise<void> {
    await this.#run(ref.submission, operations.forgetCodeTries(ref, this.#node.clock.now()));
  }

  async fetched(ref: HeldRef, by: string): Promise<{ first: boolean; effects: readonly OutboxItem[] } | undefined> {
    const operation = operations.fetched(ref, by, this.#node.clock.now());
    const { effects, positions } = await this.#run(ref.submission, operation);
    return positions.length === 0 ? undefined : { first: effects.length > 0, effects };
  }

  async end(
    refs: readonly HeldRef[],
    as: HeldEnd,
    { report = false }: { readonly report?: boolean } = {},
  ): Promise<{ ended: readonly Held[]; effects: readonly OutboxItem[] }> {
    const ended: Held[] = [];
    const effects: OutboxItem[] = [];
    for (const { submission, part, positions } of byDelivery(refs)) {
      const mail = await this.#outgoing.get(submission);
      const facts = await this.facts();
      const operation = operations.endCopies(submission, part, positions, as, report, this.#node.clock.now());
      const { delivery, ...changed } = await this.#run(submission, operation);
      effects.push(...changed.effects);
      for (const position of changed.positions) {
        const one = facts && heldOf(facts.senderId, mail, delivery, part, position);
        if (one) ended.push(one);
      }
    }
    return { ended, effects };
  }

  async notifyAgain(
    refs: readonly HeldRef[],
    { passwordHash }: { readonly passwordHash?: (ref: HeldRef, issue: number) => string } = {},
  ): Promise<readonly OutboxItem[]> {
    const effects: OutboxItem[] = [];
    for (const { submission, part, positions } of byDelivery(refs)) {
      const hash =
        passwordHash &&
        ((position: number, issue: number): string => passwordHash({ submission, part, position }, issue));
      const operation = operations.notifyAgain(submission, part, positions, hash, this.#node.clock.now());
      effects.push(...(await this.#run(submission, operation)).effects);
    }
    return effects;
  }

  async notified({ submission, part, positions }: NotifiedCopies, carriesOut: number): Promise<void> {
    const now = this.#node.clock.now();
    await this.#run(submission, operations.notified(submission, part, new Set(positions), carriesOut, now));
  }

  async #run<T extends operations.Changed>(id: SubmissionId, operation: Operation<T>): Promise<T> {
    const changed = await this.#mailbox.run(operation);
    if (changed.finished) this.#forget(id);
    return changed;
  }

  /** Nobody can fetch it any more. */
  #forget(email: EmailId): void {
    this.#mailbox.inBackground(forgetEmails(this.#node.kv, this.#account, [email]));
  }
}

function publicFacts({ limit, ...row }: ReturnType<typeof decodeSenderMailbox>): SenderMailboxFacts {
  return { ...row, limit };
}

function heldOf(
  senderId: string,
  mail: Submission | undefined,
  delivery: Delivery | undefined,
  part: number,
  position: number,
): Held | undefined {
  const recipient = delivery?.recipients[position];
  if (mail?.hold === undefined || recipient?.held === undefined) return undefined;
  const { hold } = mail;
  const { held } = recipient;
  return { submission: mail.id, part, position, senderId, mail: { ...mail, hold }, recipient: { ...recipient, held } };
}

function byDelivery(
  refs: readonly HeldRef[],
): Iterable<{ readonly submission: SubmissionId; readonly part: number; readonly positions: Set<number> }> {
  const deliveries = new Map<string, { submission: SubmissionId; part: number; positions: Set<number> }>();
  for (const { submission, part, position } of refs) {
    const name = `${submission} ${part}`;
    const one = deliveries.get(name) ?? { submission, part, positions: new Set<number>() };
    deliveries.set(name, one);
    one.positions.add(position);
  }
  return deliveries.values();
}
