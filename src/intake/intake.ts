/**
 * Where every arriving mail comes in, whoever brings it: SMTP, LMTP, a user who sends. `accept` answers when the mail
 * cannot be lost any more; the worker files it right after.
 */
import { MailError } from '../mail/error.ts';
import { HeaderBlock } from '../mail/header.ts';
import type { AccountId, MailStore } from '../mailstore/api.ts';
import type { Clock } from '../ports/clock.ts';
import type { Queue, QueueId } from '../ports/queue.ts';
import type { Log } from '../telemetry/log.ts';
import type { Counter, Metrics } from '../telemetry/metrics.ts';
import type { Arrival } from './arrival.ts';
import { Content, headerOf } from './content.ts';
import { deliveryId } from './delivery-id.ts';
import type { IntakePayload, IntakeRecipient } from './entry.ts';
import { ENTRY_RECIPIENTS, tagsOf } from './entry.ts';
import { hops, MAX_HOPS, receivedFrom, separator, traceLines } from './trace.ts';

export interface IntakeParts {
  readonly store: Pick<MailStore, 'stage' | 'written'>;
  readonly queue: Queue;
  readonly clock: Clock;
  readonly hostname: string;
  readonly log: Log;
  readonly metrics: Metrics;
}

export class Intake {
  readonly #parts: IntakeParts;
  readonly #accepted: Counter<'protocol'>;

  constructor(parts: IntakeParts) {
    this.#parts = parts;
    this.#accepted = parts.metrics.counter('mails_accepted_total', 'Mails accepted.', ['protocol']);
  }

  /**
   * Resolves, with the id the mail is known by, once its data and its queue entry survive the loss of power: only then
   * may anybody be told that we have it. Throws `mail-loop`, `too-large` (a header block without end), and whatever the
   * store or the mail's own stream throws; then nothing was accepted.
   */
  async accept(arrival: Arrival): Promise<QueueId> {
    const { store, queue, clock, hostname } = this.#parts;
    const { sender, recipients, origin, mail } = arrival;
    const header = HeaderBlock.parse(headerOf(mail));
    if (hops(header) >= MAX_HOPS)
      throw new MailError('mail-loop', 'user', `it has passed ${hops(header)} servers: this is a loop`);
    const id = queue.newId();
    const at = arrival.accepted ?? clock.now();
    const received = receivedFrom({ origin, hostname, id, at });
    const content = new Content(mail, separator(mail.head, header));
    const places = recipients.map(({ account, address }) => ({
      account,
      prefix: Buffer.from(traceLines(sender, address, received, at)),
    }));
    const staged = await store.stage(places, content.bytes);
    const key = arrival.deliveryKey ?? (header.first('message-id') === undefined ? id : content.digest());
    const entries = staged.map((data, i): IntakeRecipient => {
      const address = recipients[i]?.address ?? '';
      return { address, deliveryId: deliveryId(at, sender, address, key), staged: data };
    });
    const additions = [];
    for (let i = 0; i < entries.length; i += ENTRY_RECIPIENTS) {
      const some = entries.slice(i, i + ENTRY_RECIPIENTS);
      const payload: IntakePayload = { id, sender, received: at, recipients: some };
      additions.push({ ...(i === 0 ? { id } : {}), payload, tags: tagsOf(some) });
    }
    await Promise.all([queue.add('intake', additions), store.written(staged)]);
    this.#accepted.inc({ protocol: origin.protocol });
    this.#parts.log.info(
      { id, sender, recipients: recipients.length, size: content.size, remote: origin.remote },
      'mail accepted',
    );
    return id;
  }

  /** From the error queue back to work, once what was wrong is mended; answers how many went. */
  async redeliver(ids: readonly QueueId[]): Promise<number> {
    const { queue } = this.#parts;
    let moved = 0;
    for (const id of ids) {
      const entry = await queue.get(id);
      if (entry?.queue !== 'error') continue;
      await queue.move(entry, 'intake', entry.reason ?? '');
      moved++;
    }
    return moved;
  }

  /** Somebody signed in: what waits for that account comes first (D-06). */
  async signedIn(account: AccountId): Promise<void> {
    await this.#parts.queue.promote('intake', account);
  }
}
