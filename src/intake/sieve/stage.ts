/**
 * The owner's script decides where a mail goes. Whatever goes wrong with it, the mail is kept: a script that fails, a
 * mailbox that is not there, an address that cannot be reached leave it in INBOX, and the owner is told.
 */
import { problemAt, SieveError } from '../../mail/sieve/error.ts';
import { runSieve } from '../../mail/sieve/run.ts';
import type { SieveScript } from '../../mail/sieve/call.ts';
import type { SieveInput } from '../../mail/sieve/message.ts';
import type { MailAccount } from '../../mailstore/api.ts';
import { WorkBudget } from '../../mailstore/work-budget.ts';
import type { Counter, Metrics } from '../../telemetry/metrics.ts';
import type { Delivery, Stage } from '../pipeline.ts';
import type { Plan } from '../plan.ts';
import type { SendingParts } from '../stages/parts.ts';
import type { ReturnPaths } from '../return-paths.ts';
import { hostOf } from './host.ts';
import { SieveMemory } from './memory.ts';
import { Performance } from './perform.ts';
import type { SieveScripts, StoredScript } from './scripts.ts';

/** Of each minute, for all scripts of an account: an ordinary one needs a hundredth of a millisecond for a mail, one that does what it may a fifth of a second. */
const SECONDS_PER_MINUTE = 6;
/** Characters that are looked at in a millisecond. */
const WORK_PER_MS = 200_000;

export interface SieveParts extends Omit<SendingParts, 'directory'> {
  readonly scripts: SieveScripts;
  readonly returnPaths: Pick<ReturnPaths, 'forwardAddress'>;
  readonly metrics: Metrics;
  /** What scripts have used; tests have their own. */
  readonly budget?: WorkBudget;
}

export class SieveStage implements Stage {
  readonly name = 'sieve';
  readonly does = "runs the owner's rules and script: they decide where it goes, who is told and who is answered";
  readonly needs = ['envelope', 'header', 'body', 'account'] as const;
  readonly gives = ['plan'] as const;
  readonly onFailure = 'retry';
  readonly #parts: SieveParts;
  readonly #runs: Counter<'outcome'>;
  readonly #budget: WorkBudget;

  constructor(parts: SieveParts) {
    this.#parts = parts;
    this.#budget = parts.budget ?? new WorkBudget(parts.clock, SECONDS_PER_MINUTE);
    this.#runs = parts.metrics.counter('sieve_runs_total', 'Mails on which a Sieve script ran.', ['outcome']);
  }

  /** A copy of what the owner sends is no arriving mail. */
  applies({ recipient, findings }: Delivery): boolean {
    return recipient.own === undefined && findings.quarantined !== true;
  }

  async deliver(delivery: Delivery): Promise<boolean> {
    const { scripts, clock, log, hostname } = this.#parts;
    const { mail, recipient, account } = delivery;
    const running = await scripts.running(account);
    if (running.length === 0) return false;
    const { details, body } = await delivery.content();
    const input: SieveInput = {
      envelope: { from: mail.sender, to: recipient.address },
      size: details.size,
      structure: details.structure,
      read: (start, end) => body.bytes(start, end),
    };
    const now = clock.now();
    const memory = new SieveMemory(account, recipient.deliveryId, now);
    const performance = new Performance({ ...this.#parts, account, delivery, details, body, now });
    const compiled = this.#exhausted(account, running) ?? (await this.#compiled(account, running));
    if ('error' in compiled) {
      this.#runs.inc({ outcome: 'failed' });
      delivery.findings.plan = await performance.kept(compiled);
      return false;
    }
    const host = hostOf(account, { scripts, memory, now, hostname, findings: delivery.findings });
    const outcome = await runSieve(compiled.all, input, host);
    this.#budget.charge(account.id, outcome.work / WORK_PER_MS);
    const kinds = outcome.actions.map(({ type }) => type);
    this.#runs.inc({ outcome: outcome.error ? 'failed' : kinds.length === 0 ? 'discarded' : 'done' });
    const names = running.map(({ name }) => name);
    log.info(
      { id: mail.id, recipient: recipient.address, scripts: names, actions: kinds, err: outcome.error?.message },
      'scripts ran',
    );
    const plan = await performance.carryOut(outcome);
    const script = running[outcome.failed ?? 0];
    const failure = outcome.error && script && { script, error: outcome.error };
    delivery.findings.plan = { ...plan, ...(failure && { failure }) };
    return false;
  }

  /** A script that costs much must not do so for every mail of a flood: its owner wrote it, and strangers may make it run. */
  #exhausted(account: MailAccount, [script]: readonly StoredScript[]): NonNullable<Plan['failure']> | undefined {
    if (script === undefined || this.#budget.wait(account.id) === 0) return undefined;
    return { script, error: problemAt({ line: 1, column: 1 }, 'the filters compared too much in the last minutes') };
  }

  /** What was fine when it was stored may not be with a newer version. */
  async #compiled(
    account: MailAccount,
    running: readonly StoredScript[],
  ): Promise<{ readonly all: readonly SieveScript[] } | NonNullable<Plan['failure']>> {
    const all: SieveScript[] = [];
    for (const script of running)
      try {
        all.push(await this.#parts.scripts.compiled(account, script));
      } catch (error) {
        if (error instanceof SieveError) return { script, error };
        throw error;
      }
    return { all };
  }
}
