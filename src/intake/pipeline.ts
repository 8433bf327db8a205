/**
 * Everything that happens to an arriving mail, as stages in one order. A stage has its say at one or more moments: when a
 * recipient is named, when the header is here, when all of it is here (these may refuse the mail, for nobody was told yet
 * that we have it), and at its delivery to one recipient, which may run again after a crash: what a stage does there it
 * does under the recipient's delivery id.
 */
import { MailError } from '../mail/error.ts';
import type { HeaderBlock } from '../mail/header.ts';
import type { MailWarning } from '../mail/phishing/warnings.ts';
import type { Body, MailAccount, MessageDetails, Staged } from '../mailstore/api.ts';
import type { LocalRecipient, Origin, Source } from './arrival.ts';
import type { RunningCheck } from './authentication/check.ts';
import type { Authentication } from './authentication/results.ts';
import type { IntakePayload, IntakeRecipient } from './entry.ts';
import type { Person } from './people.ts';
import type { Plan } from './plan.ts';
import type { Assessment } from './spam/assessment.ts';
import type { MailText } from './spam/mail-text.ts';
import type { Harm } from './scan/harm.ts';

/** The order, from the first stage to the last. */
export const STAGE_ORDER = [
  'loop',
  'authentication',
  'feedback',
  'reject-list',
  'sender-address',
  'originals',
  'virus',
  'pass-back',
  'domain-reports',
  'spam',
  'protection',
  'sieve',
  'vacation',
  'file',
  'notify',
] as const; // prettier-ignore
export type StageName = (typeof STAGE_ORDER)[number];

/** What a stage works with; a word that a stage `gives` must come from an earlier one. */
export type Fact = 'envelope' | 'header' | 'body' | 'account' | Finding;
export type Finding = 'authentication' | 'trust' | 'junk' | 'virus-verdict' | 'spam-score' | 'warnings' | 'plan';

/**
 * What it means when a stage fails, other than by refusing the mail: `accept`, the mail goes on as if the stage were not there;
 * `retry`, it waits and is tried again, and goes to the error queue after the last attempt, or at once if trying again cannot help;
 * `error-queue`, there at once. Before the mail was acknowledged both mean that the client is asked to come again.
 */
export type FailureMeaning = 'accept' | 'retry' | 'error-queue';

/** What is known of a mail that is not acknowledged yet. */
export interface Arriving {
  /** Envelope sender, '' for the null sender. */
  readonly sender: string;
  readonly recipients: readonly LocalRecipient[];
  readonly origin: Origin;
  /** As in `Arrival`. */
  readonly source: Source | undefined;
  readonly header: HeaderBlock;
}

/** The same when all of it was received; `staged` has one for each recipient, with the same content. */
export interface Arrived extends Arriving {
  readonly staged: readonly Staged[];
  readonly authentication: Authentication | undefined;
}

/** A recipient that a client names. */
export interface NamedRecipient {
  readonly sender: string;
  readonly recipient: LocalRecipient;
  readonly remote: string;
}

/** What the stages of one delivery found so far. */
export interface Findings {
  /** From somebody whose mail the owner always wants, and it is from them: no reject list, no spam check. */
  trusted?: boolean;
  /** What the owner wants for its author's mail, if it is from them. */
  person?: Person;
  /** Why it goes to Junk where the owner's rules do not say otherwise; nobody is answered then. */
  junk?: string;
  /** Its author's domain asks for that (DMARC): the owner's rules do not run, for they would act for somebody who did not write. */
  quarantined?: true;
  /** RFC 5235 §3.2: 1 (not spam) to 10; absent: not tested. */
  spamtest?: number;
  /** RFC 5235 §2.2.2: 0 to 100. */
  spamPercent?: number;
  /** What the spam filter found, for the owner to read beside the mail. */
  assessment?: Assessment;
  /** RFC 5235 §3.3: 1 (no virus) to 5; absent: not tested. */
  virustest?: number;
  /** What looking into the files has brought. */
  harm?: Harm;
  /** The mail as checks read it. */
  text?: MailText;
  /** What its reader is to be careful of. */
  warnings?: readonly MailWarning[];
  /** Its author's organisational domain, when no mail from there was here before. */
  seenDomain?: string;
  /** What the owner's rules ask for; absent: into INBOX. */
  plan?: Plan;
}

export interface Delivery {
  readonly mail: IntakePayload;
  readonly recipient: IntakeRecipient;
  readonly findings: Findings;
  /** The recipient's; its records are those of the moment in which this delivery began, or later. */
  readonly account: MailAccount;
  /** The mail, read once for all stages. Throws `message-missing`. */
  content(): Promise<StagedMail>;
}

export interface StagedMail {
  readonly details: MessageDetails;
  readonly body: Body;
}

export interface Stage {
  readonly name: StageName;
  /** In a line, for operators. */
  readonly does: string;
  readonly needs: readonly Fact[];
  readonly gives?: readonly Finding[];
  readonly onFailure: FailureMeaning;
  /** For one delivery; default: what the worker has left. */
  readonly deadlineMs?: number;
  /** When a recipient is named. Throws a `MailError` of kind 'user' to refuse it. */
  recipient?(named: NamedRecipient): Promise<void>;
  /** When the header is here. Throws a `MailError` of kind 'user' to refuse the mail. */
  header?(arriving: Arriving): Promise<void> | void;
  /** Reads the mail while it comes in. */
  check?(arriving: Arriving): RunningCheck | undefined;
  /** When all of it is here, as `header`. */
  content?(arrived: Arrived): Promise<void>;
  /** Whether there is anything to do at this delivery; default: yes. Most mails pass most stages without a word. */
  applies?(delivery: Delivery): boolean;
  /** Answers whether the mail is settled: then the later stages do not run. */
  deliver?(delivery: Delivery, deadline: AbortSignal): Promise<boolean>;
}

export type Moment = 'recipient' | 'header' | 'content' | 'delivery';

/** A stage as an operator reads it. */
export interface StageFacts {
  readonly name: StageName;
  readonly does: string;
  readonly when: readonly Moment[];
  readonly needs: readonly Fact[];
  readonly gives: readonly Finding[];
  readonly onFailure: FailureMeaning;
}

export interface PipelineEvents {
  /** A stage failed whose failure means `accept`. */
  passedOver(stage: StageName, error: unknown): void;
}

export class Pipeline {
  readonly stages: readonly Stage[];
  readonly #atRecipient: readonly Stage[];
  readonly #atHeader: readonly Stage[];
  readonly #atContent: readonly Stage[];
  readonly #events: PipelineEvents;

  /** In whatever order they are given. A stage that is named twice, or needs what no earlier one gives, is a bug. */
  constructor(stages: readonly Stage[], events: PipelineEvents) {
    this.stages = stages.toSorted((a, b) => STAGE_ORDER.indexOf(a.name) - STAGE_ORDER.indexOf(b.name));
    this.#atRecipient = this.stages.filter((stage) => stage.recipient !== undefined);
    this.#atHeader = this.stages.filter((stage) => stage.header !== undefined);
    this.#atContent = this.stages.filter((stage) => stage.content !== undefined);
    this.#events = events;
    const facts = new Set<Fact>(['envelope', 'header', 'body', 'account']);
    for (const [i, { name, needs, gives = [] }] of this.stages.entries()) {
      if (this.stages[i + 1]?.name === name) throw new MailError('bug', 'bug', `two stages are called ${name}`);
      const missing = needs.find((fact) => !facts.has(fact));
      if (missing !== undefined) throw new MailError('bug', 'bug', `no stage before ${name} gives ${missing}`);
      for (const fact of gives) facts.add(fact);
    }
  }

  facts(): readonly StageFacts[] {
    return this.stages.map((stage) => ({
      name: stage.name,
      does: stage.does,
      when: momentsOf(stage),
      needs: stage.needs,
      gives: stage.gives ?? [],
      onFailure: stage.onFailure,
    }));
  }

  async recipient(named: NamedRecipient): Promise<void> {
    for (const stage of this.#atRecipient)
      try {
        await stage.recipient?.(named);
      } catch (error) {
        this.#refusal(stage, error);
      }
  }

  async header(arriving: Arriving): Promise<void> {
    for (const stage of this.#atHeader)
      try {
        await stage.header?.(arriving);
      } catch (error) {
        this.#refusal(stage, error);
      }
  }

  check(arriving: Arriving): RunningCheck | undefined {
    for (const stage of this.stages) {
      const check = stage.check?.(arriving);
      if (check !== undefined) return check;
    }
    return undefined;
  }

  async content(arrived: Arrived): Promise<void> {
    for (const stage of this.#atContent)
      try {
        await stage.content?.(arrived);
      } catch (error) {
        this.#refusal(stage, error);
      }
  }

  /** Says that a stage failed and does not matter. */
  passedOver(stage: Stage, error: unknown): void {
    this.#events.passedOver(stage.name, error);
  }

  /** Throws what the client is told. */
  #refusal(stage: Stage, error: unknown): void {
    if (stage.onFailure !== 'accept' || (error instanceof MailError && error.kind === 'user')) throw error;
    this.passedOver(stage, error);
  }
}

function momentsOf(stage: Stage): Moment[] {
  const when: Moment[] = [];
  if (stage.recipient) when.push('recipient');
  if (stage.header || stage.check) when.push('header');
  if (stage.content || stage.check) when.push('content');
  if (stage.deliver) when.push('delivery');
  return when;
}

/** A delivery at its beginning. */
export function deliveryOf(mail: IntakePayload, recipient: IntakeRecipient, account: MailAccount): Delivery {
  let content: Promise<StagedMail> | undefined;
  return {
    mail,
    recipient,
    findings: {},
    account,
    content: () => (content ??= account.staged(recipient.staged)),
  };
}
