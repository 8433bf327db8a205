/**
 * Recognises what comes back: reports about mail of ours (RFC 3464, and free text), receipts (RFC 8098) and complaints (RFC 5965).
 * Believed is what proves itself: by the signed return path to which it comes, or by
 * naming a mail that the account did send to that recipient.
 */
import type { Directory } from '../../directory/api.ts';
import type { Delivery as Arrival, Stage } from '../../intake/pipeline.ts';
import type { ReturnPath, ReturnPaths } from '../../intake/return-paths.ts';
import { INTAKE } from '../../intake/stages/parts.ts';
import { readFeedbackReport } from '../../mail/complaint.ts';
import { readDeliveryReport } from '../../mail/delivery-report.ts';
import { readDispositionReport } from '../../mail/disposition-report.ts';
import { MailError } from '../../mail/error.ts';
import type { MailAccount, MailStore, MessageDetails } from '../../mailstore/api.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Log } from '../../telemetry/log.ts';
import { isProven } from '../../intake/people.ts';
import { noteComplaint, noteReport, type Proof } from './notes.ts';
import { noteReceipt } from './receipts.ts';

export interface FeedbackStageParts {
  readonly store: Pick<MailStore, 'open'>;
  readonly directory: Pick<Directory, 'route'>;
  readonly returnPaths: Pick<ReturnPaths, 'read'>;
  readonly dispatcher: { wake(account: MailAccount['id']): void };
  readonly clock: Clock;
  readonly log: Log;
}

/** Of a report; what follows is the mail that came back. */
const MOST_READ = 512 << 10;
/** What somebody means who complains; `not-spam` and `auth-failure` are no complaints. */
const COMPLAINTS: ReadonlySet<string> = new Set(['abuse', 'fraud', 'virus', 'opt-out', 'other']);

export class FeedbackStage implements Stage {
  readonly name = 'feedback';
  readonly does = 'recognises reports, receipts and complaints about mail from here';
  readonly needs = ['body', 'account'] as const;
  readonly onFailure = 'retry';
  readonly #parts: FeedbackStageParts;

  constructor(parts: FeedbackStageParts) {
    this.#parts = parts;
  }

  /** A copy of what the owner sends is no arriving mail. */
  applies({ recipient, findings }: Arrival): boolean {
    return recipient.own === undefined && findings.quarantined !== true;
  }

  async deliver(arrival: Arrival): Promise<boolean> {
    const { returnPaths } = this.#parts;
    const { recipient, account } = arrival;
    const path = await returnPaths.read(recipient.address);
    // Its turn comes when it was looked into for viruses (`pass-back.ts`).
    if (path?.kind === 'forward') return false;
    const { details, body } = await arrival.content();
    // Without a return path of ours only what says that it is a report is read.
    if (path === undefined && arrival.mail.sender !== '' && !isReport(details)) return false;
    const raw = Buffer.from(await body.bytes(0, Math.min(body.size, MOST_READ)));
    if (await this.#complaint(raw, arrival, path)) return path !== undefined;
    if (await this.#receipt(raw, arrival, account, details)) return false;
    const known = await this.#bounce(raw, account, path);
    // Its owner is told in our own words; what is no report is mail to him.
    return known && path !== undefined;
  }

  /** Answers whether it is one about mail of ours. */
  async #bounce(raw: Buffer, account: MailAccount, path: ReturnPath | undefined): Promise<boolean> {
    const { dispatcher, clock, log } = this.#parts;
    const report = readDeliveryReport(raw);
    if (report === undefined) return false;
    const proof = await proofOf(account, path, report.messageId);
    if (proof === undefined) return false;
    const noted = await noteReport(account, proof, report.recipients, clock.now());
    log.info({ id: proof.submission, account: account.id, certain: proof.certain, noted }, 'a report came');
    dispatcher.wake(account.id);
    return noted > 0;
  }

  /** The same. Its owner gets it as mail, too: many programs show the receipts that they find. */
  async #receipt(raw: Buffer, { mail }: Arrival, account: MailAccount, { envelope }: MessageDetails): Promise<boolean> {
    const report = readDispositionReport(raw);
    if (report === undefined || report.messageId === '') return false;
    const submission = await account.outgoing.withMessageId(report.messageId);
    if (submission?.receipt !== true) return false;
    const [author] = envelope.from;
    const isChecked = mail.client === undefined ? mail.front !== true : mail.authentication !== undefined;
    const from = envelope.from.length === 1 && isChecked && isProven(mail) ? author?.address : undefined;
    const noted = await noteReceipt(account, submission.id, report, from, mail.received);
    this.#parts.log.info({ id: submission.id, account: account.id, noted }, 'a receipt came');
    return noted;
  }

  /** The same; it may come to whoever reads `abuse@`, and is about whoever sent the mail. */
  async #complaint(raw: Buffer, { mail }: Arrival, path: ReturnPath | undefined): Promise<boolean> {
    const { store, directory, returnPaths, dispatcher, clock, log } = this.#parts;
    const report = readFeedbackReport(raw);
    if (report === undefined || !COMPLAINTS.has(report.type)) return false;
    const token = path ?? (await returnPaths.read(report.mailFrom)) ?? (await returnPaths.read(report.returnPath));
    const author = await directory.route(report.author).catch(() => undefined);
    const of = token?.kind === 'bounce' ? token.account : author?.kind === 'account' ? author.account : undefined;
    if (of === undefined) return false;
    try {
      using account = await store.open(INTAKE, of);
      const proof = await proofOf(account, token, report.messageId);
      const noted = proof && (await noteComplaint(account, proof, report.recipients, 'report', clock.now()));
      if (!noted) return false;
      log.info({ id: proof.submission, account: of, sender: mail.sender, type: report.type }, 'a complaint came');
      dispatcher.wake(of);
      return true;
    } catch (error) {
      if (error instanceof MailError && error.code === 'account-missing') return false;
      throw error;
    }
  }
}

function isReport({ structure }: MessageDetails): boolean {
  return structure.type === 'multipart' && structure.subtype === 'report';
}

/** What makes it believable: undefined when nothing does. */
async function proofOf(
  { id, outgoing }: MailAccount,
  path: ReturnPath | undefined,
  messageId: string,
): Promise<Proof | undefined> {
  if (path?.kind === 'bounce') {
    const { account, submission, part } = path;
    return account === id ? { submission, part, certain: true } : undefined;
  }
  const found = messageId === '' ? undefined : await outgoing.withMessageId(messageId);
  return found && { submission: found.id, part: undefined, certain: false };
}
