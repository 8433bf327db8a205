/**
 * Carries out what a script asked for, as far as later stages do not. Each thing is done under an id derived from the delivery, so that doing all of it
 * again after a crash changes nothing. Nothing is lost: what cannot be done as asked leaves the mail in INBOX.
 */
import { composeDsn } from '../../mail/dsn.ts';
import { domainOf } from '../../mail/path.ts';
import type {
  FileintoAction,
  KeepAction,
  NotifyAction,
  SieveOutcome,
  VacationAction,
} from '../../mail/sieve/actions.ts'; // prettier-ignore
import { SieveHeader } from '../../mail/sieve/header.ts';
import type { Body, MailAccount, MessageDetails } from '../../mailstore/api.ts';
import type { Log } from '../../telemetry/log.ts';
import { HEAD_LIMIT } from '../arrival.ts';
import type { AutomaticMail } from '../automatic.ts';
import type { Delivery } from '../pipeline.ts';
import type { Plan } from '../plan.ts';
import { automaticMessageId } from '../stages/parts.ts';
import type { ReturnPaths } from '../return-paths.ts';
import { isForged } from './forged.ts';
import { redirect } from './redirect.ts';

export interface PerformanceParts {
  readonly account: MailAccount;
  readonly delivery: Delivery;
  readonly details: MessageDetails;
  readonly body: Body;
  readonly now: number;
  readonly automatic: AutomaticMail;
  readonly returnPaths: Pick<ReturnPaths, 'forwardAddress'>;
  readonly log: Log;
  readonly hostname: string;
}

const HEADER_BYTES = 256 << 10;

export class Performance {
  readonly #parts: PerformanceParts;

  constructor(parts: PerformanceParts) {
    this.#parts = parts;
  }

  /** Redirects and refuses; what is left to be done is the plan. */
  async carryOut({ actions, remember }: Pick<SieveOutcome, 'actions' | 'remember'>): Promise<Plan> {
    const { details, body } = this.#parts;
    const header = await this.#header();
    const places: (KeepAction | FileintoAction)[] = [];
    const answers: VacationAction[] = [];
    const notices: NotifyAction[] = [];
    let mustKeep = false;
    let redirected = false;
    for (const action of actions) {
      if (action.type === 'keep' || action.type === 'fileinto') places.push(action);
      else if (action.type === 'vacation') answers.push(action);
      else if (action.type === 'notify') notices.push(action);
      else if (action.type === 'redirect') {
        if (await redirect(action, this.#parts)) redirected = true;
        else mustKeep = true;
      } else if (action.type === 'reject' && !(await this.#reject(action.reason, header))) mustKeep = true;
    }
    if (mustKeep && !places.some(({ type }) => type === 'keep')) places.push({ type: 'keep', flags: [], header });
    return { redirected, places, answers, notices, remember, header, details, body };
  }

  /** Of a script that cannot even begin. */
  async kept(failure: NonNullable<Plan['failure']>): Promise<Plan> {
    const actions = [{ type: 'keep', flags: [], header: await this.#header() }] as const;
    return { ...(await this.carryOut({ actions, remember: [] })), failure };
  }

  async #header(): Promise<SieveHeader> {
    const { body, details } = this.#parts;
    return SieveHeader.parse(await body.bytes(0, Math.min(details.structure.bodyStart, HEAD_LIMIT)));
  }

  /** A report to the sender (RFC 5429 §2.1). Answers false when there is nobody to tell: then the mail is kept. */
  async #reject(reason: string, header: SieveHeader): Promise<boolean> {
    const { account, automatic, delivery, details, body, hostname, now, log } = this.#parts;
    const { mail, recipient } = delivery;
    const key = `sieve reject ${recipient.deliveryId}`;
    const isMachine = header.all('auto-submitted').some(({ text }) => !/^no\b/i.test(text));
    if (mail.sender === '' || isMachine || isForged(mail) || (await automatic.reach(mail.sender)) === undefined) {
      log.warn({ id: mail.id, recipient: recipient.address }, 'a mail was not rejected: its sender cannot be told');
      return false;
    }
    const head = await body.bytes(0, Math.min(details.structure.bodyStart, HEADER_BYTES));
    const raw = composeDsn({
      action: 'failed',
      reportingMta: hostname,
      domain: domainOf(recipient.address),
      to: mail.sender,
      messageId: automaticMessageId(account.id, key, hostname),
      date: now,
      arrived: mail.received,
      recipients: [{ address: recipient.address, status: '5.7.1', reason }],
      original: { content: head, whole: false, messageId: details.envelope.messageId },
    });
    await automatic.send({
      account: account.id,
      sender: '',
      recipient: mail.sender,
      mail: { head: raw },
      key,
      requireTls: mail.requireTls,
    });
    return true;
  }
}
