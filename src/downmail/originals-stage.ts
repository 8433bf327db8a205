/**
 * The destination of a mail (MTA_n, the paper's 나): who takes notifications only gets no originals. When all recipients of a mail are such,
 * it is refused before it is acknowledged; one who is such among others goes without it. A sender who is proven is written to, once a day,
 * for many programs hide what a server said; one who is not gets no mail, for it would reach whoever was named.
 */
import { INTAKE, isUserError, type SendingParts } from '../intake/stages/parts.ts';
import { isKnown, isProven } from '../intake/people.ts';
import type { Authentication } from '../intake/authentication/results.ts';
import type { Arrived, Delivery, Stage } from '../intake/pipeline.ts';
import { isDownmailSignal } from '../mail/downmail/fields.ts';
import { MailError } from '../mail/error.ts';
import { HeaderBlock } from '../mail/header.ts';
import type { AccountId, MailAccount, MessageDetails, Staged } from '../mailstore/api.ts';
import { decideReceiving } from './decision.ts';
import { notice } from './notices.ts';
import { type DownmailPolicy, downmailSetting } from './policy.ts';

export interface OriginalsStageParts extends SendingParts {
  readonly policy: Pick<DownmailPolicy, 'mode' | 'phase' | 'signalLimit'>;
}

const DAY = 86_400_000;
const HEADER_BYTES = 64 << 10;

export class OriginalsStage implements Stage {
  readonly name = 'originals';
  readonly does = 'refuses mail whose original its recipient wants to stay with its sender';
  readonly needs = ['envelope', 'header', 'body', 'account'] as const;
  readonly gives = ['junk'] as const;
  readonly onFailure = 'retry';
  readonly #parts: OriginalsStageParts;

  constructor(parts: OriginalsStageParts) {
    this.#parts = parts;
  }

  async content({ sender, recipients, staged, source, header, authentication }: Arrived): Promise<void> {
    if (source !== 'outside' || sender === '' || isDownmailSignal(header)) return;
    for (const [i, { account }] of recipients.entries()) if (!(await this.#refuses(account, staged[i], sender))) return;
    const [first] = recipients;
    if (first !== undefined) await this.#explain(first.account, first.address, sender, authentication);
    throw new MailError('originals-refused', 'user', `${first?.address ?? ''} takes notifications only`);
  }

  applies({ mail, recipient }: Delivery): boolean {
    return recipient.own === undefined && mail.client !== undefined && mail.sender !== '';
  }

  async deliver({ mail, recipient, findings }: Delivery): Promise<boolean> {
    const { sender, authentication } = mail;
    if (!(await this.#refuses(recipient.staged.account, recipient.staged, sender))) return false;
    if (await this.#explain(recipient.staged.account, recipient.address, sender, authentication)) return true;
    // Nobody could be told, and nothing is lost in silence.
    findings.junk ??= 'it is an original, and its recipient takes notifications only';
    return false;
  }

  async #refuses(id: AccountId, staged: Staged | undefined, sender: string): Promise<boolean> {
    const { store, policy, clock } = this.#parts;
    if (staged === undefined) return false;
    using account = await store.open(INTAKE, id);
    const { receive = 'system' } = await downmailSetting(account);
    const takesAll = receive === 'originals' || (receive === 'system' && policy.phase !== 'maturity');
    if (takesAll) return false;
    const { details, body } = await account.staged(staged);
    if (isDownmailSignal(HeaderBlock.parse(await body.bytes(0, Math.min(details.structure.bodyStart, HEADER_BYTES)))))
      return false;
    const original = bodySize(details) > policy.signalLimit;
    const known = original && receive === 'strangers' && (await isKnown(account, sender, clock.now()));
    const recipient = known ? 'originals' : 'notifications';
    return decideReceiving({ original, system: policy.mode, recipient }) === 'refuse';
  }

  /** Answers whether the sender is told, now or earlier today. */
  async #explain(
    id: AccountId,
    address: string,
    sender: string,
    authentication: Authentication | undefined,
  ): Promise<boolean> {
    if (authentication === undefined || !isProven({ authentication })) return false;
    const { store, automatic, clock, hostname, log } = this.#parts;
    const now = clock.now();
    const key = `originals ${Math.floor(now / DAY)} ${sender}`;
    using account: MailAccount & Disposable = await store.open(INTAKE, id);
    const mail = notice(
      sender,
      'Please send your mail by Downmail / 다운메일로 다시 보내 주십시오',
      `originals.${id}`,
      { hostname, now },
      [
        `${address} takes notifications only: your mail was not delivered. It is to stay in a mailbox at your side until it is fetched.`,
        'Please send it again from a service that knows Downmail, or write a short mail without attachments.',
        '',
        `${address} 님은 발송통지메일만 받습니다. 다운메일 방식을 사용하지 않아 메일을 전달할 수 없었습니다.`,
        '다운메일 방식으로 다시 보내시거나, 첨부 없이 짧은 메일로 보내 주십시오.',
      ],
    );
    try {
      await automatic.send({
        account: account.id,
        sender: '',
        recipient: sender,
        mail: { head: mail },
        key,
        requireTls: undefined,
      });
      return true;
    } catch (error) {
      if (!isUserError(error)) throw error;
      log.warn({ err: error, account: id }, 'a sender could not be told that his original is not taken');
      return false;
    }
  }
}

function bodySize({ size, structure }: MessageDetails): number {
  return size - structure.bodyStart;
}
