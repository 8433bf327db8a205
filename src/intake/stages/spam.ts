/** How likely a mail from outside is spam, in points that can be read; where there are enough of them it goes to Junk. */
import type { MailAccount } from '../../mailstore/api.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Resolver } from '../../ports/resolver.ts';
import { type ScanPoint, SPAM_SCORE } from '../../ports/scanner.ts';
import type { Log } from '../../telemetry/log.ts';
import type { Counter, Metrics } from '../../telemetry/metrics.ts';
import { isLoopback } from '../../net/address.ts';
import { isContact } from '../contacts/records.ts';
import type { IntakePayload } from '../entry.ts';
import type { Delivery, FailureMeaning, NamedRecipient, Stage } from '../pipeline.ts';
import type { Engines } from '../scan/engines.ts';
import { assessmentOf } from '../spam/assessment.ts';
import { likelihood } from '../spam/bayes.ts';
import type { BayesFilters } from '../spam/bayes-filters.ts';
import { point, type SpamRules } from '../spam/check.ts';
import { CHECKS } from '../spam/checks.ts';
import type { Greylist } from '../spam/greylist.ts';
import { correspondent, mailDigest } from '../spam/correspondents.ts';
import { type MailText, readMailText } from '../spam/mail-text.ts';
import { tokensOf } from '../spam/tokens.ts';
import { scannedOf } from './virus.ts';

export interface SpamParts {
  readonly engines: Engines;
  readonly filters: BayesFilters;
  /** Absent: nobody is asked to come again. */
  readonly greylist?: Greylist;
  readonly resolver: Resolver;
  readonly rules: SpamRules;
  /** From so many points on it goes to Junk. */
  readonly limit: number;
  readonly onFailure: FailureMeaning;
  /** Whether mail from this machine itself is judged, too. */
  readonly loopback: boolean;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
}

/** For questions to DNS: who does not answer by then says nothing. */
const CHECKS_MS = 5_000;
/** The most that the filter an account taught may say. */
const BAYES_SPAM = 5.5;
const BAYES_HAM = 3;
const KNOWN = 3;

interface Looked {
  readonly text: MailText;
  readonly tokens: ReadonlySet<number>;
  readonly points: readonly ScanPoint[];
  /** An engine did not answer. */
  readonly failure?: unknown;
}

export class SpamStage implements Stage {
  readonly name = 'spam';
  readonly does = 'gives points for what speaks for spam; with enough of them a mail goes to Junk';
  readonly needs = ['envelope', 'header', 'body', 'account'] as const;
  readonly gives = ['spam-score', 'junk'] as const;
  readonly onFailure: FailureMeaning;
  readonly #parts: SpamParts;
  /** All recipients of an entry have the same mail. */
  readonly #looked = new WeakMap<IntakePayload, Promise<Looked>>();
  readonly #judged: Counter<'verdict'>;

  constructor(parts: SpamParts) {
    this.#parts = parts;
    this.onFailure = parts.onFailure;
    this.#judged = parts.metrics.counter('spam_verdicts_total', 'Mails that the spam filter judged.', ['verdict']);
  }

  async recipient(named: NamedRecipient): Promise<void> {
    if (!isLoopback(named.remote) || this.#parts.loopback) await this.#parts.greylist?.check(named);
  }

  applies({ mail, recipient, findings }: Delivery): boolean {
    if (mail.client === undefined || recipient.own !== undefined || findings.trusted || mail.released) return false;
    return this.#parts.loopback || !isLoopback(mail.client.address);
  }

  async deliver(delivery: Delivery, deadline: AbortSignal): Promise<boolean> {
    const { mail, recipient, findings, account } = delivery;
    const looked = await this.#shared(delivery, deadline);
    const { limit, log } = this.#parts;
    findings.text = looked.text;
    const own = [...(await this.#bayes(account, looked)), ...(await known(account, mail, looked.text))];
    const assessment = assessmentOf([...looked.points, ...own], limit);
    const { score, spam } = assessment;
    findings.spamPercent = Math.round(Math.min(100, Math.max(0, (50 * score) / limit)));
    findings.spamtest = 1 + Math.round((findings.spamPercent * 9) / 100);
    if (spam) findings.junk ??= `it has ${score} points of ${limit} that make spam`;
    findings.assessment = assessment;
    this.#judged.inc({ verdict: spam ? 'spam' : 'ham' });
    const rules = assessment.points.map(({ name, points }) => `${name}=${points}`).join(' ');
    log.info(
      { id: mail.id, recipient: recipient.address, score, spam, rules: rules.slice(0, 1000) },
      'spam was judged',
    );
    if (looked.failure !== undefined) throw looked.failure as Error;
    return false;
  }

  #shared(delivery: Delivery, deadline: AbortSignal): Promise<Looked> {
    let looked = this.#looked.get(delivery.mail);
    if (looked === undefined) {
      looked = this.#look(delivery, deadline);
      looked.catch(() => undefined);
      this.#looked.set(delivery.mail, looked);
    }
    return looked;
  }

  async #look(delivery: Delivery, signal: AbortSignal): Promise<Looked> {
    const { mail } = delivery;
    const { engines, resolver, rules, clock } = this.#parts;
    const { details, body } = await delivery.content();
    const text = await readMailText(details, body);
    const { sender, authentication, client = { address: '' } } = mail;
    const facts = { mail: text, sender, client, authentication, rules, resolver, now: clock.now() };
    const late = new AbortController();
    using _until = clock.after(CHECKS_MS, () => late.abort());
    const asked = AbortSignal.any([signal, late.signal]);
    const checks = Promise.all(CHECKS.map(async (check) => check.run(facts, asked)));
    let failure: unknown;
    const scan = engines.scan('spam', scannedOf(mail, body), signal).catch((error: unknown) => {
      failure = error;
      return { points: [] };
    });
    const points = [...(await checks).flat(), ...(await scan).points];
    return { text, tokens: tokensOf(text), points, ...(failure !== undefined && { failure }) };
  }

  async #bayes(account: MailAccount, { tokens }: Looked): Promise<ScanPoint[]> {
    const { filters } = this.#parts;
    const { spam, confidence, words } = likelihood(tokens, await filters.own(account), await filters.shared());
    if (confidence === 0 || words < 3) return [];
    const percent = Math.round(100 * spam);
    if (spam >= 0.6)
      return [
        point('BAYES_SPAM', ((spam - 0.5) / 0.5) * BAYES_SPAM * confidence, `its words are ${percent} % those of spam`),
      ];
    if (spam <= 0.4)
      return [
        point(
          'BAYES_HAM',
          -((0.5 - spam) / 0.5) * BAYES_HAM * confidence,
          `its words are ${100 - percent} % those of wanted mail`,
        ),
      ];
    return [];
  }
}

/** People one has written to, or knows, are expected to write; who claims to be one must show it. */
async function known(
  account: MailAccount,
  { authentication }: IntakePayload,
  { envelope }: MailText,
): Promise<ScanPoint[]> {
  const address = envelope.from[0]?.address ?? '';
  const person = envelope.from.length === 1 ? await correspondent(account, address) : undefined;
  const contact = envelope.from.length === 1 && (await isContact(account, address));
  if (person === undefined && !contact)
    return [point('FIRST_CONTACT', 0.3, 'you have not written to its author, who is not in your address book')];
  const answered = [...envelope.inReplyTo, ...envelope.references].some((id) => person?.mails.includes(mailDigest(id)));
  if (answered) return [point('ANSWER_TO_YOU', -KNOWN - 1, 'it answers a mail of yours')];
  const dmarc = authentication?.dmarc;
  const shown = dmarc !== undefined && (dmarc.result === 'pass' || dmarc.spfAligned || dmarc.dkimAligned);
  const why = contact ? 'its author is in your address book' : 'you have written to its author';
  return shown ? [point('KNOWN_AUTHOR', -KNOWN, why)] : [];
}

/** As operators set it, e.g. "zen.example.org" or "zen.example.org=2.5". */
export function dnsList(text: string): { readonly zone: string; readonly points: number } {
  const [zone = '', points] = text.split('=');
  return { zone: zone.trim().toLowerCase(), points: points === undefined ? SPAM_SCORE / 2 : Number(points) };
}
