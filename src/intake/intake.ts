/**
 * Where every arriving mail comes in, whoever brings it: SMTP, LMTP, a user who sends. `accept` answers when the mail
 * cannot be lost any more; the worker files it right after.
 */
import { MailError } from '../mail/error.ts';
import { HeaderBlock } from '../mail/header.ts';
import type { AccountId, MailStore, Staged } from '../mailstore/api.ts';
import type { Clock } from '../ports/clock.ts';
import type { Queue, QueueId } from '../ports/queue.ts';
import type { MailFlow } from '../telemetry/flow.ts';
import type { Log } from '../telemetry/log.ts';
import type { Counter, Metrics } from '../telemetry/metrics.ts';
import type { Arrival } from './arrival.ts';
import { CheckedMail } from './authentication/checked-mail.ts';
import { withoutForgedResults } from './authentication/forged.ts';
import { resultsField } from './authentication/results.ts';
import { Content, headerOf } from './content.ts';
import { deliveryId } from './delivery-id.ts';
import type { IntakePayload, IntakeRecipient } from './entry.ts';
import { ENTRY_RECIPIENTS, tagsOf } from './entry.ts';
import type { Arriving, NamedRecipient, Pipeline } from './pipeline.ts';
import { receivedFrom, separator, traceLines } from './trace.ts';

export interface IntakeParts {
  readonly store: Pick<MailStore, 'stage' | 'written' | 'roomFor'>;
  readonly queue: Queue;
  readonly clock: Clock;
  readonly hostname: string;
  /** What has a say in whether a mail is accepted. */
  readonly pipeline: Pipeline;
  readonly log: Log;
  readonly metrics: Metrics;
  /** Absent: nobody watches. */
  readonly flow?: Pick<MailFlow, 'tell'>;
}

export class Intake {
  readonly #parts: IntakeParts;
  readonly #accepted: Counter<'protocol'>;

  constructor(parts: IntakeParts) {
    this.#parts = parts;
    this.#accepted = parts.metrics.counter('mails_accepted_total', 'Mails accepted.', ['protocol']);
  }

  /** A client names a recipient. Throws what a stage refuses it with. */
  async checkRecipient(named: NamedRecipient): Promise<void> {
    await this.#parts.pipeline.recipient(named);
  }

  /**
   * Resolves, with the id the mail is known by, once its data and its queue entry survive the loss of power: only then
   * may anybody be told that we have it. Throws `over-quota` (no recipient of a mail from outside has room for it), `mail-loop`, `too-large` (a header block without end), what a stage
   * refuses it with, and whatever the store or the mail's own stream throws; then nothing was accepted.
   */
  async accept(arrival: Arrival): Promise<QueueId> {
    const { store, queue, clock, hostname, pipeline } = this.#parts;
    const { sender, recipients, origin, mail, source } = arrival;
    const header = HeaderBlock.parse(headerOf(mail));
    const arriving: Arriving = { sender, recipients, origin, source, header };
    await pipeline.header(arriving);
    const id = queue.newId();
    const at = arrival.accepted ?? clock.now();
    const received = receivedFrom({ origin, hostname, id, at });
    const check = pipeline.check(arriving);
    const checked = check && new CheckedMail(mail, check);
    await checked?.begin();
    const head = source === 'front' ? mail.head : withoutForgedResults(mail.head, header, hostname);
    const content = new Content({ ...(checked?.mail ?? mail), head }, separator(mail.head, header));
    const places = recipients.map(({ account, address }) => ({
      account,
      // Of a large mail the results are known when all of it was read.
      prefix: () => {
        const results = checked?.authentication && resultsField(hostname, checked.authentication);
        return Buffer.from(traceLines(sender, address, results ?? '', received, at));
      },
    }));
    const staged = await store.stage(places, content.bytes);
    // A client need not say how large its mail will be.
    const theirs = staged.filter((_, i) => recipients[i]?.apart !== true);
    if (source === 'outside' && !(await this.#anyRoom(theirs)))
      throw new MailError('over-quota', 'temporary', 'no recipient has room for it');
    const authentication = checked?.authentication;
    await pipeline.content({ ...arriving, staged, authentication });
    const key = arrival.deliveryKey ?? (header.first('message-id') === undefined ? id : content.digest());
    const entries = staged.map((data, i): IntakeRecipient => {
      const address = recipients[i]?.address ?? '';
      return { address, deliveryId: deliveryId(at, sender, address, key), staged: data };
    });
    const additions = [];
    for (let i = 0; i < entries.length; i += ENTRY_RECIPIENTS) {
      const some = entries.slice(i, i + ENTRY_RECIPIENTS);
      const payload: IntakePayload = {
        id,
        sender,
        received: at,
        recipients: some,
        ...(arrival.requireTls === true && { requireTls: true as const }),
        ...(authentication && { authentication }),
        ...(source === 'front' && { front: true as const }),
        ...(source === 'outside' && { client: { address: origin.remote, hello: origin.hello } }),
      };
      additions.push({ ...(i === 0 ? { id } : {}), payload, tags: tagsOf(some) });
    }
    await Promise.all([queue.add('intake', additions), store.written(staged)]);
    this.#accepted.inc({ protocol: origin.protocol });
    this.#parts.log.info(
      { id, sender, recipients: recipients.length, size: content.size, remote: origin.remote },
      'mail accepted',
    );
    this.#parts.flow?.tell('accepted', { id, sender, to: recipients.map(({ address }) => address) });
    return id;
  }

  async #anyRoom(staged: readonly Staged[]): Promise<boolean> {
    for (const { account, size } of staged) if (await this.#parts.store.roomFor(account, size)) return true;
    return staged.length === 0;
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
