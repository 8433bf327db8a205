/**
 * Arriving mail that the checks held back: it lies in the error queue until an operator releases or drops it. Releasing is one commit that
 * sends it back into the intake, where the checks for viruses and spam let it pass; it is filed under the delivery ids it has had from
 * the beginning, so whatever happens in between it is there once.
 */
import { MailError } from '../mail/error.ts';
import type { Envelope } from '../mail/message.ts';
import type { MailStore } from '../mailstore/api.ts';
import type { Queue, QueueEntry, QueueId } from '../ports/queue.ts';
import { type HeldFor, type IntakePayload, payloadOf } from './entry.ts';
import { leaves } from './spam/mail-text.ts';
import { INTAKE } from './stages/parts.ts';

const HEADER_BYTES = 64 << 10;

export interface HeldMail {
  readonly id: QueueId;
  /** Milliseconds since 1970. */
  readonly received: number;
  readonly heldFor: HeldFor;
  /** In words, with the names of what was found. */
  readonly reason: string;
  readonly sender: string;
  readonly recipients: readonly string[];
  /** Of the server that handed it over, when it is none of ours. */
  readonly client: string | undefined;
}

export interface HeldMailDetails extends HeldMail {
  readonly from: Envelope['from'];
  readonly subject: string;
  readonly size: number;
  readonly attachments: readonly string[];
  /** As received, its first 64 KiB. */
  readonly header: string;
}

export interface QuarantineParts {
  readonly queue: Pick<Queue, 'list' | 'get' | 'move' | 'drop'>;
  readonly store: Pick<MailStore, 'open'>;
}

export class Quarantine {
  readonly #parts: QuarantineParts;

  constructor(parts: QuarantineParts) {
    this.#parts = parts;
  }

  /** In the order of their ids, oldest first, after `after`. */
  async list({ after = '', limit = 100 } = {}): Promise<readonly HeldMail[]> {
    const held: HeldMail[] = [];
    let last = after as QueueId;
    for (;;) {
      const page = await this.#parts.queue.list('error', { after: last, limit });
      for (const entry of page) {
        const found = heldMail(entry);
        if (found !== undefined) held.push(found);
        if (held.length === limit) return held;
      }
      if (page.length < limit) return held;
      last = page.at(-1)!.id;
    }
  }

  /** Throws `message-missing`. */
  async show(id: string): Promise<HeldMailDetails> {
    const { entry, held } = await this.#held(id);
    const { staged } = payloadOf(entry).recipients[0]!;
    using account = await this.#parts.store.open(INTAKE, staged.account);
    const { details, body } = await account.staged(staged);
    const { envelope, structure, size } = details;
    const files = leaves(structure).map(({ filename }) => filename);
    const header = await body.bytes(0, Math.min(structure.bodyStart, HEADER_BYTES));
    return {
      ...held,
      from: envelope.from,
      subject: envelope.subject,
      size,
      attachments: files.filter((name) => name !== ''),
      header: Buffer.from(header).toString(),
    };
  }

  /** Throws `message-missing`, also when it was released before; `conflict` when somebody is at it. */
  async release(id: string): Promise<void> {
    const { entry } = await this.#held(id);
    const { heldFor: _over, ...mail } = payloadOf(entry);
    const payload: IntakePayload = { ...mail, released: true };
    await this.#parts.queue.move(entry, 'intake', 'an operator released it', payload);
  }

  /** As `release`. */
  async drop(id: string): Promise<void> {
    const { entry } = await this.#held(id);
    if ((await this.#parts.queue.drop([entry.id])) === 0) throw gone(id);
  }

  async #held(id: string): Promise<{ readonly entry: QueueEntry; readonly held: HeldMail }> {
    const entry = await this.#parts.queue.get(id as QueueId);
    const held = entry && heldMail(entry);
    if (entry === undefined || held === undefined) throw gone(id);
    return { entry, held };
  }
}

function heldMail(entry: QueueEntry): HeldMail | undefined {
  if (entry.queue !== 'error') return undefined;
  const { heldFor, received, sender, recipients, client } = payloadOf(entry);
  if (heldFor === undefined) return undefined;
  return {
    id: entry.id,
    received,
    heldFor,
    reason: entry.reason ?? '',
    sender,
    recipients: recipients.map(({ address }) => address),
    client: client?.address,
  };
}

function gone(id: string): MailError {
  return new MailError('message-missing', 'user', `no mail is held under ${id.slice(0, 100)}`);
}
