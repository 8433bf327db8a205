/**
 * Carries out what the commits of a sender mailbox cause: makes the copies of a held mail, sends notifications and receipts, and looks
 * after what nobody fetches. Everything goes under an id made from its effect: once more changes nothing.
 */
import type { HeldCarrier } from '../delivery/held-carrier.ts';
import type { AutomaticMail } from '../intake/automatic.ts';
import type { Intake } from '../intake/intake.ts';
import { readMailText } from '../intake/spam/mail-text.ts';
import type { Directory } from '../directory/api.ts';
import { composeNotification } from '../mail/downmail/notification.ts';
import { composeReceipt, type ReceiptFacts } from '../mail/downmail/receipt.ts';
import { MailError } from '../mail/error.ts';
import { domainOf } from '../mail/path.ts';
import type { MailAccount } from '../mailstore/api.ts';
import { type Held, visibleId } from '../mailstore/sender-mailbox.ts';
import type { Effect, OutboxItem, SubmissionId } from '../mailstore/submission.ts';
import type { Clock } from '../ports/clock.ts';
import type { Random } from '../ports/random.ts';
import type { Log } from '../telemetry/log.ts';
import { recipientIdOf } from './ids.ts';
import { expiryNotice } from './notices.ts';
import { passwordHash, type PickUpPasswords } from './passwords.ts';
import { type DownmailPolicy, downmailSetting } from './policy.ts';
import { noteUsageTold, usageDue, usageReport } from './usage-report.ts';

export interface CarrierParts {
  readonly directory: Pick<Directory, 'route'>;
  readonly intake: Pick<Intake, 'accept'>;
  readonly automatic: Pick<AutomaticMail, 'send'>;
  readonly passwords: PickUpPasswords;
  readonly policy: Pick<DownmailPolicy, 'signalLimit' | 'excerptBytes' | 'publicUrl' | 'warnDays' | 'reportDays'>;
  /** Of effects that follow. */
  readonly wake: (account: MailAccount['id'], effects: readonly OutboxItem[]) => void;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly hostname: string;
  /** Signs the notifications of a gateway. */
  readonly gatewayDomain: string;
}

const DAY = 86_400_000;
const HOUR = 3_600_000;
const LOCAL = { protocol: 'local', hello: '', remote: '', cipher: '' } as const;

export class SenderMailboxCarrier implements HeldCarrier {
  readonly #parts: CarrierParts;

  constructor(parts: CarrierParts) {
    this.#parts = parts;
  }

  async hold(account: MailAccount, item: OutboxItem, part: number): Promise<readonly OutboxItem[]> {
    const { passwords } = this.#parts;
    const { submission, number: carriesOut } = item;
    const { gateway } = (await account.outgoing.get(submission))?.hold ?? {};
    return account.senderMailbox.hold(submission, part, {
      carriesOut,
      recipientId: (address) => recipientIdOf(gateway?.author ?? address),
      passwordHash: (position, issue) => passwordHash(passwords.of(account.id, { submission, part, position }, issue)),
    });
  }

  async notify(
    account: MailAccount,
    item: OutboxItem,
    { part, positions }: Effect & { kind: 'notify' },
  ): Promise<void> {
    const { automatic, log } = this.#parts;
    const { submission, number } = item;
    const original = new Original(account, submission);
    for (const position of positions) {
      const held = await account.senderMailbox.get({ submission, part, position });
      // Taken back before anybody was told of it.
      if (held?.recipient.state !== 'waiting' || held.mail.recalled !== undefined) continue;
      const { header, text } = await original.read(held.mail.size);
      try {
        await automatic.send({
          account: account.id,
          ...this.#envelopeOf(held),
          recipient: held.recipient.address,
          mail: { head: this.#notification(account, held, header, text, number) },
          key: `notify ${submission} ${number} ${position}`,
          requireTls: held.mail.requireTls,
          notifies: { submission, part, position },
        });
      } catch (error) {
        if (!(error instanceof MailError) || error.kind !== 'user') throw error;
        log.warn({ err: error, id: submission, part, position }, 'a notification could not be sent');
        // Nothing goes there from here.
        const { effects } = await account.senderMailbox.end([held], 'unreached', { report: true });
        this.#parts.wake(account.id, effects);
      }
    }
    await account.senderMailbox.notified({ submission, part, positions }, number);
  }

  /** A gateway does not write in the name of others: what bounces is known from the attempt. */
  #envelopeOf({ mail }: Held): { sender: string; forwardedBy?: string } {
    if (mail.hold.gateway === undefined) return { sender: mail.sender };
    return { sender: '', forwardedBy: this.#parts.gatewayDomain };
  }

  #notification(account: MailAccount, held: Held, header: Uint8Array, text: string, number: number): Buffer {
    const { passwords, policy, random, hostname } = this.#parts;
    const { submission, part, position, mail, recipient } = held;
    const userId = visibleId(held.senderId, recipient.held);
    const password = passwords.of(account.id, held, recipient.held.issue);
    return composeNotification({
      header,
      text,
      to: recipient.address,
      messageId: `<${submission}.${part}.${position}.${number}@${hostname}>`,
      date: mail.released ?? mail.created,
      link: `${policy.publicUrl}/downmail${userId}${password}`,
      server: hostname,
      userId,
      password,
      help: `${policy.publicUrl}/downmail/help`,
      expires: recipient.held.expires,
      size: mail.size,
      digest: mail.hold.digest,
      excerptBytes: mail.hold.confidential ? 0 : policy.excerptBytes,
      signalLimit: policy.signalLimit,
      atGateway: mail.hold.gateway !== undefined,
      confidential: mail.hold.confidential === true,
      pick: (below) => Math.min(below - 1, Math.floor(random.fraction() * below)),
    });
  }

  async receipt(
    account: MailAccount,
    item: OutboxItem,
    { part, position, at, by }: Effect & { kind: 'receipt' },
  ): Promise<void> {
    const { submission, number } = item;
    const held = await account.senderMailbox.get({ submission, part, position });
    // A conventional sender knows of no gateway, and the recipient's own service has taken his mail.
    if (held !== undefined && held.mail.hold.gateway === undefined) {
      const { header } = await new Original(account, submission).read(held.mail.size);
      const mail = composeReceipt({
        header,
        from: held.recipient.address,
        to: held.mail.sender,
        messageId: `<${submission}.${number}@${this.#parts.hostname}>`,
        date: at,
        at,
        by: by as ReceiptFacts['by'],
        userId: visibleId(held.senderId, held.recipient.held),
        size: held.mail.size,
        ended: held.mail.hold.keep === 'until-fetched',
        signalLimit: this.#parts.policy.signalLimit,
      });
      await this.#tell(account, held.mail.sender, mail, `receipt ${submission} ${number}`, at);
    }
    await account.outgoing.carriedOut(item);
  }

  async unreached(account: MailAccount, item: OutboxItem, { copy }: Effect & { kind: 'unreached' }): Promise<void> {
    const held = await account.senderMailbox.get(copy);
    // Who has sent a notification himself had the report of that; in a gateway's name nobody had.
    const report = held?.mail.hold.gateway !== undefined;
    const { effects } = await account.senderMailbox.end([copy], 'unreached', { report });
    this.#parts.wake(account.id, effects);
    await account.outgoing.carriedOut(item);
  }

  async look(account: MailAccount, submission: SubmissionId): Promise<number | undefined> {
    const { clock, policy, hostname } = this.#parts;
    const now = clock.now();
    const expired: Held[] = [];
    const waiting: Held[] = [];
    for await (const held of account.senderMailbox.list({ mail: submission })) {
      if (held.recipient.state !== 'waiting') continue;
      if (held.recipient.held.expires <= now) expired.push(held);
      else waiting.push(held);
    }
    const { effects } = await account.senderMailbox.end(expired, 'expired', { report: true });
    this.#parts.wake(account.id, effects);
    const [one] = waiting;
    if (one === undefined) return expired.length === 0 ? this.#unmade(account, submission, now) : undefined;
    await this.#reportUsage(account, one, now);
    const unfetched = waiting.filter(({ recipient }) => recipient.held.fetched === undefined);
    const expires = Math.min(...waiting.map(({ recipient }) => recipient.held.expires));
    const warnAt = expires - policy.warnDays * DAY;
    const unwarned = unfetched.filter(({ recipient }) => recipient.warned === undefined);
    if (policy.warnDays > 0 && now >= warnAt && unwarned.length > 0) {
      const notice = expiryNotice(unwarned, { hostname, now });
      if (one.mail.hold.gateway === undefined)
        await this.#tell(account, one.mail.sender, notice, `expires ${submission}`, warnAt);
      else await this.#tellRecipient(account, one, notice, `expires ${submission}`);
      await markWarned(account, unwarned);
    }
    // What was fetched goes within the hour: its room is wanted sooner than in a day.
    const next = now < warnAt ? Math.min(warnAt, now + DAY) : Math.min(expires, now + DAY);
    return Math.max(next, now + (unfetched.length < waiting.length ? HOUR / 4 : 1));
  }

  /** Some of its copies may still have to be made. */
  async #unmade(account: MailAccount, submission: SubmissionId, now: number): Promise<number | undefined> {
    const deliveries = await account.outgoing.deliveries(submission);
    const queued = deliveries.some(
      ({ held, recipients }) => held === true && recipients.some(({ state }) => state === 'queued'),
    );
    return queued ? now + HOUR : undefined;
  }

  /** Mail that waits is looked at every day, and with it the mailbox. */
  async #reportUsage(account: MailAccount, held: Held, now: number): Promise<void> {
    const { policy, hostname } = this.#parts;
    const { reportDays = policy.reportDays } = await downmailSetting(account);
    const usage = await usageDue(account, reportDays, now);
    if (usage === undefined) return;
    const { mail, recipient } = held;
    const key = `usage ${Math.floor(now / DAY)}`;
    const about = { hostname, now };
    if (mail.hold.gateway === undefined) {
      const report = usageReport(usage, mail.sender, domainOf(mail.sender), about, false);
      await this.#tell(account, mail.sender, report, key, now);
    } else {
      const report = usageReport(usage, recipient.address, `gateway.${hostname}`, about, true);
      await this.#tellRecipient(account, held, report, key);
    }
    await noteUsageTold(account, now);
  }

  /** Of what a gateway keeps for him. */
  async #tellRecipient(account: MailAccount, { recipient }: Held, mail: Buffer, key: string): Promise<void> {
    const { automatic, log } = this.#parts;
    try {
      await automatic.send({
        account: account.id,
        sender: '',
        recipient: recipient.address,
        mail: { head: mail },
        key,
        requireTls: undefined,
      });
    } catch (error) {
      if (!(error instanceof MailError) || error.kind !== 'user') throw error;
      log.warn({ err: error, account: account.id }, 'a recipient could not be told what is kept for him');
    }
  }

  /** In the sender's own mailbox. The address may be another's by now, and nobody else is told what this account has sent. */
  async #tell(account: MailAccount, sender: string, mail: Buffer, key: string, at: number): Promise<void> {
    const route = await this.#parts.directory.route(sender);
    if (route.kind !== 'account' || route.account !== account.id) {
      this.#parts.log.warn({ account: account.id, sender }, 'nobody is left to tell about held mail');
      return;
    }
    await this.#parts.intake.accept({
      sender: '',
      recipients: [{ account: account.id, address: sender }],
      origin: LOCAL,
      mail: { head: mail },
      deliveryKey: `${account.id} ${key}`,
      accepted: at,
    });
  }
}

async function markWarned(account: MailAccount, warned: readonly Held[]): Promise<void> {
  for (const [part, some] of Map.groupBy(warned, (one) => one.part)) {
    const positions = new Set(some.map(({ position }) => position));
    await account.outgoing.changeDelivery(some[0]!.submission, part, ({ recipients, tries }) => ({
      recipients: recipients.map((one, i) => (positions.has(i) ? { ...one, warned: true as const } : one)),
      tries,
      reports: [],
    }));
  }
}

/** The content of a held mail, read when somebody asks. */
class Original {
  readonly #account: MailAccount;
  readonly #submission: SubmissionId;
  #read: Promise<{ header: Uint8Array; text: string }> | undefined;

  constructor(account: MailAccount, submission: SubmissionId) {
    this.#account = account;
    this.#submission = submission;
  }

  read(size: number): Promise<{ header: Uint8Array; text: string }> {
    this.#read ??= this.#load(size);
    return this.#read;
  }

  async #load(size: number): Promise<{ header: Uint8Array; text: string }> {
    const { id } = this.#account;
    const { details, body } = await this.#account.staged({ account: id, email: this.#submission, size });
    const { text } = await readMailText(details, body);
    return { header: await body.bytes(0, details.structure.bodyStart), text };
  }
}
