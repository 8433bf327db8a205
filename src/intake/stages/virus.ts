/** Nothing that does harm reaches a mailbox. Such mail is not answered, as its sender is mostly forged: an operator finds it. */
import { MailError } from '../../mail/error.ts';
import type { ScannedMail } from '../../ports/scanner.ts';
import type { Log } from '../../telemetry/log.ts';
import type { Counter, Metrics } from '../../telemetry/metrics.ts';
import type { IntakePayload } from '../entry.ts';
import type { Delivery, FailureMeaning, Stage } from '../pipeline.ts';
import type { Engines } from '../scan/engines.ts';
import { type Harm, harmIn } from '../scan/harm.ts';

export interface VirusRules {
  /** What becomes of a mail with a virus. */
  readonly malware: 'error-queue' | 'discard';
  /** What becomes of one with a file that runs. */
  readonly executables: 'error-queue' | 'junk' | 'accept';
  /** What becomes of one with an archive that cannot be looked into. */
  readonly archives: 'error-queue' | 'junk' | 'accept';
  readonly onFailure: FailureMeaning;
}

export interface VirusParts {
  readonly engines: Engines;
  readonly rules: VirusRules;
  readonly log: Log;
  readonly metrics: Metrics;
}

export class VirusStage implements Stage {
  readonly name = 'virus';
  readonly does = 'looks for viruses and for files that run when they are opened; such mail goes to the error queue';
  readonly needs = ['body'] as const;
  readonly gives = ['virus-verdict'] as const;
  readonly onFailure: FailureMeaning;
  readonly #parts: VirusParts;
  /** All recipients of an entry have the same mail. */
  readonly #looked = new WeakMap<IntakePayload, Promise<Harm>>();
  readonly #found: Counter<'what'>;

  constructor(parts: VirusParts) {
    this.#parts = parts;
    this.onFailure = parts.rules.onFailure;
    this.#found = parts.metrics.counter('harmful_mails_total', 'Mails in which something harmful was found.', ['what']);
  }

  applies({ recipient }: Delivery): boolean {
    return recipient.own === undefined;
  }

  async deliver(delivery: Delivery, deadline: AbortSignal): Promise<boolean> {
    const { mail, recipient, findings } = delivery;
    const { rules, log } = this.#parts;
    if (mail.released === true) {
      log.warn({ id: mail.id, recipient: recipient.address }, 'a mail that was held is let through for an operator');
      return false;
    }
    const harm = await this.#harm(delivery, deadline);
    const { malware, executables, closed } = harm;
    findings.harm = harm;
    findings.virustest = malware.length > 0 ? 5 : executables.length > 0 ? 4 : 1;
    if (malware.length > 0) {
      this.#found.inc({ what: 'malware' });
      if (rules.malware === 'error-queue') throw new MailError('infected', 'user', `a virus: ${malware.join(', ')}`);
      log.warn({ id: mail.id, recipient: recipient.address, malware }, 'a mail with a virus was discarded');
      return true;
    }
    if (executables.length > 0) {
      this.#found.inc({ what: 'executable' });
      const what = executables.join(', ');
      if (rules.executables === 'error-queue') throw new MailError('infected', 'user', what);
      if (rules.executables === 'junk') findings.junk ??= what;
    }
    if (closed.length > 0 && rules.archives !== 'accept') {
      this.#found.inc({ what: 'closed' });
      const what = closed.join(', ');
      if (rules.archives === 'error-queue') throw new MailError('infected', 'user', what);
      findings.junk ??= what;
    }
    return false;
  }

  #harm(delivery: Delivery, deadline: AbortSignal): Promise<Harm> {
    const { mail } = delivery;
    let looked = this.#looked.get(mail);
    if (looked === undefined) {
      looked = this.#look(delivery, deadline);
      looked.catch(() => undefined);
      this.#looked.set(mail, looked);
    }
    return looked;
  }

  async #look(delivery: Delivery, deadline: AbortSignal): Promise<Harm> {
    const content = await delivery.content();
    return await harmIn(content, scannedOf(delivery.mail, content.body), this.#parts.engines, deadline);
  }
}

/** The mail as engines see it. */
export function scannedOf(
  { id, sender, recipients, client }: IntakePayload,
  body: { readonly size: number; stream(): AsyncIterable<Uint8Array> },
): ScannedMail {
  return {
    id,
    sender,
    recipients: recipients.map(({ address }) => address),
    ...(client && { client }),
    size: body.size,
    stream: () => body.stream(),
  };
}
