/**
 * The destination of a mail (MTA_n, the paper's 나, and 다 where this is a gateway): who takes notifications only gets no originals. The gateway
 * keeps them; where there is none, or it cannot, a mail that nobody takes is refused before it is acknowledged, and one who does not take it among others
 * goes without it. A sender who is proven is written to, once a day,
 * for many programs hide what a server said; one who is not gets no mail, for it would reach whoever was named.
 */
import { INTAKE, isUserError, type SendingParts } from '../intake/stages/parts.ts';
import { isKnown, isProven } from '../intake/people.ts';
import type { Authentication } from '../intake/authentication/results.ts';
import type { Arrived, Delivery, Stage } from '../intake/pipeline.ts';
import { isDownmailSignal } from '../mail/downmail/fields.ts';
import { MailError } from '../mail/error.ts';
import { HeaderBlock } from '../mail/header.ts';
import { domainOf } from '../mail/path.ts';
import type { MailAccount, MessageDetails, Staged } from '../mailstore/api.ts';
import type { LocalRecipient } from '../intake/arrival.ts';
import { decideReceiving, type ReceivingVerdict } from './decision.ts';
import type { Gateway } from './gateway.ts';
import { notice } from './notices.ts';
import { type DownmailPolicy, downmailSetting } from './policy.ts';

export interface OriginalsStageParts extends SendingParts {
  readonly policy: Pick<DownmailPolicy, 'mode' | 'phase' | 'signalLimit'>;
  readonly gateway: Pick<Gateway, 'serves' | 'usable' | 'check' | 'take'>;
}

const DAY = 86_400_000;
const HEADER_BYTES = 64 << 10;

export class OriginalsStage implements Stage {
  readonly name = 'originals';
  readonly does = 'has originals kept for those who want notifications, or refuses them';
  readonly needs = ['envelope', 'header', 'body', 'account'] as const;
  readonly gives = ['junk'] as const;
  readonly onFailure = 'retry';
  readonly #parts: OriginalsStageParts;

  constructor(parts: OriginalsStageParts) {
    this.#parts = parts;
  }

  async content({ sender, recipients, staged, source, authentication }: Arrived): Promise<void> {
    if (source !== 'outside') return;
    let refusal: MailError | undefined;
    for (const [i, recipient] of recipients.entries()) {
      const refused = await this.#refusal(recipient, staged[i], sender, authentication);
      if (refused === undefined) return;
      refusal ??= refused;
    }
    const [first] = recipients;
    if (first === undefined || refusal === undefined) return;
    await this.#explain(first, sender, authentication, refusal);
    throw refusal;
  }

  applies({ mail, recipient }: Delivery): boolean {
    return recipient.own === undefined && mail.client !== undefined;
  }

  async deliver(delivery: Delivery): Promise<boolean> {
    const { mail, recipient, findings } = delivery;
    const { sender, authentication } = mail;
    const { gateway } = this.#parts;
    const { address, staged } = recipient;
    const verdict = await this.#verdict({ address, account: staged.account }, staged, sender);
    if (verdict === 'deliver') return false;
    // What the domain of its author disowns is not presented in that name: it goes where such mail goes.
    if (verdict === 'gateway' && (findings.junk !== undefined || findings.quarantined === true)) return false;
    const refusal = verdict === 'refuse' ? refused(address) : await taken(gateway.take(delivery));
    if (refusal === undefined) return true;
    // Nobody else's mailbox is behind it here.
    if (gateway.serves(address)) throw refusal;
    if (await this.#explain({ address, account: staged.account }, sender, authentication, refusal)) return true;
    // Nobody could be told, and nothing is lost in silence.
    findings.junk ??= 'it is an original, and its recipient takes notifications only';
    return false;
  }

  async #refusal(
    recipient: LocalRecipient,
    staged: Staged | undefined,
    sender: string,
    authentication: Authentication | undefined,
  ): Promise<MailError | undefined> {
    const verdict = await this.#verdict(recipient, staged, sender);
    if (verdict === 'deliver') return undefined;
    if (verdict === 'refuse') return refused(recipient.address);
    return await taken(this.#parts.gateway.check(recipient.address, staged?.size ?? 0, authentication));
  }

  async #verdict(
    { account: id, address }: LocalRecipient,
    staged: Staged | undefined,
    sender: string,
  ): Promise<ReceivingVerdict> {
    const { store, policy, clock, gateway } = this.#parts;
    const isGateway = gateway.serves(address);
    if (staged === undefined || (sender === '' && !isGateway)) return 'deliver';
    using account = await store.open(INTAKE, id);
    const setting = isGateway ? undefined : await downmailSetting(account);
    const { receive = 'system' } = setting ?? {};
    const takesAll = receive === 'originals' || (receive === 'system' && policy.phase !== 'maturity');
    if (takesAll && !isGateway) return 'deliver';
    const { details, body } = await account.staged(staged);
    const header = HeaderBlock.parse(await body.bytes(0, Math.min(details.structure.bodyStart, HEADER_BYTES)));
    // Notifications pass; a gateway has none to pass on.
    if (isDownmailSignal(header)) return isGateway ? 'refuse' : 'deliver';
    const original = bodySize(details) > policy.signalLimit;
    const known = original && receive === 'strangers' && (await isKnown(account, sender, clock.now()));
    return decideReceiving({
      original,
      system: isGateway ? 'gateway' : policy.mode,
      recipient: known ? 'originals' : 'notifications',
      gateway: gateway.usable && setting?.gateway !== false,
      phase: policy.phase,
    });
  }

  /** Answers whether the sender is told, now or earlier today. */
  async #explain(
    { account: id, address }: LocalRecipient,
    sender: string,
    authentication: Authentication | undefined,
    { code }: MailError,
  ): Promise<boolean> {
    if (sender === '' || authentication === undefined || !isProven({ authentication })) return false;
    const { store, automatic, clock, hostname, log } = this.#parts;
    const now = clock.now();
    const key = `originals ${Math.floor(now / DAY)} ${sender}`;
    using account: MailAccount & Disposable = await store.open(INTAKE, id);
    const full = code === 'gateway-full';
    const mail = notice(
      domainOf(address),
      sender,
      'Please send your mail by Downmail / 다운메일로 다시 보내 주십시오',
      `originals.${id}`,
      { hostname, now },
      [
        `${address} takes notifications only: your mail was not delivered. It is to stay in a mailbox at your side until it is fetched.`,
        ...(full ? ['The gateway that would keep it for this recipient has no room at the moment.'] : []),
        'Please send it again from a service that knows Downmail, or write a short mail without attachments.',
        '',
        `${address} 님은 발송통지메일만 받습니다. 다운메일 방식을 사용하지 않아 메일을 전달할 수 없었습니다.`,
        ...(full ? ['받는 분의 메일연동장치에 지금 남은 공간이 없습니다.'] : []),
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

function refused(address: string): MailError {
  return new MailError('originals-refused', 'user', `${address} takes notifications only`);
}

/** Why the gateway does not take it; undefined when it does. */
async function taken(taking: Promise<void>): Promise<MailError | undefined> {
  try {
    await taking;
    return undefined;
  } catch (error) {
    if (error instanceof MailError && isUserError(error, 'originals-refused', 'gateway-full')) return error;
    throw error;
  }
}

function bodySize({ size, structure }: MessageDetails): number {
  return size - structure.bodyStart;
}
