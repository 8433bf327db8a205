/** Mail that our users send is looked at before it is taken, while whoever sends it can still be told. */
import type { Engines } from '../intake/scan/engines.ts';
import { harmIn } from '../intake/scan/harm.ts';
import { CONTENT_CHECKS } from '../intake/spam/checks/content.ts';
import { readMailText } from '../intake/spam/mail-text.ts';
import { MailError } from '../mail/error.ts';
import type { Body, MessageDetails } from '../mailstore/api.ts';
import type { ScannedMail } from '../ports/scanner.ts';
import type { Clock } from '../ports/clock.ts';
import type { Log } from '../telemetry/log.ts';

export interface OutgoingRules {
  /** Undefined: viruses are not looked for. */
  readonly viruses: { readonly whenDown: 'accept' | 'refuse' } | undefined;
  /** From so many points on a mail is refused; 0 = never. */
  readonly spamLimit: number;
}

export interface OutgoingCheckParts {
  readonly engines: Engines;
  readonly clock: Clock;
  readonly log: Log;
  readonly rules: OutgoingRules;
}

/** A client waits for its answer this long at least (RFC 5321 §4.5.3.2.6: 10 minutes). */
const DEADLINE_MS = 120_000;

export class OutgoingCheck {
  readonly #parts: OutgoingCheckParts;

  constructor(parts: OutgoingCheckParts) {
    this.#parts = parts;
  }

  /** Throws `infected`, `looks-like-spam`; `scanner-down` when the policy is not to send unscanned. */
  async check(content: { readonly details: MessageDetails; readonly body: Body }, mail: ScannedMail): Promise<void> {
    const { clock, rules } = this.#parts;
    const late = new AbortController();
    using _until = clock.after(DEADLINE_MS, () =>
      late.abort(new MailError('scanner-down', 'temporary', 'it took too long to scan')),
    );
    if (rules.viruses) await this.#viruses(content, mail, late.signal);
    if (rules.spamLimit > 0) await this.#spam(content, mail, late.signal);
  }

  async #viruses(
    content: { details: MessageDetails; body: Body },
    mail: ScannedMail,
    signal: AbortSignal,
  ): Promise<void> {
    const { engines, rules, log } = this.#parts;
    try {
      const { malware, executables } = await harmIn(content, mail, engines, signal);
      const [worst] = [...malware, ...executables];
      if (worst !== undefined) throw new MailError('infected', 'user', worst);
    } catch (error) {
      if (rules.viruses?.whenDown !== 'accept' || !(error instanceof MailError) || error.code !== 'scanner-down')
        throw error;
      log.warn({ err: error, id: mail.id }, 'a mail is sent unscanned');
    }
  }

  /** An engine that does not answer keeps nobody from sending. */
  async #spam(
    { details, body }: { details: MessageDetails; body: Body },
    mail: ScannedMail,
    signal: AbortSignal,
  ): Promise<void> {
    const { engines, rules, log } = this.#parts;
    const found = await readMailText(details, body);
    const points = CONTENT_CHECKS.flatMap((check) => check(found));
    try {
      points.push(...(await engines.scan('spam', mail, signal)).points);
    } catch (error) {
      if (!(error instanceof MailError) || error.code !== 'scanner-down') throw error;
    }
    const score = points.reduce((sum, one) => sum + one.points, 0);
    if (score < rules.spamLimit) return;
    log.warn({ id: mail.id, user: mail.user, score, points: points.slice(0, 20) }, 'outgoing spam was refused');
    throw new MailError('looks-like-spam', 'user', `it has ${score.toFixed(1)} points: ${points[0]?.why ?? ''}`);
  }
}
