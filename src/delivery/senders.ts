/** All that is known of those who send, and of the addresses from which their mail leaves. */
import type { AccountId } from '../mailstore/api.ts';
import type { KeptRowsParts } from './kept-rows.ts';
import { type Blocked, FastBlock, type FastBlockLimits } from './fast-block.ts';
import { Reputation, score, type Standing, type Subject } from './reputation.ts';
import { SourcePool, type ThrottleState } from './sources/pool.ts';
import { type Source, sourceName } from './sources/source.ts';
import { WarmUp, type WarmUpSchedule, type WarmUpState } from './sources/warm-up.ts';

export interface SendersOptions {
  readonly sources: readonly Source[];
  /** We, in EHLO, where no source says otherwise. */
  readonly hostname: string;
  readonly warmUp: WarmUpSchedule;
  readonly fastBlock: FastBlockLimits;
}

export interface Named extends Standing {
  readonly name: string;
  /** From 0 to 1, without fault. */
  readonly score: number;
}

export interface DeliverabilityReport {
  readonly sources: readonly (Named & Pick<Source, 'categories' | 'warm'> & { readonly hello: string })[];
  /** New addresses, by receiver. */
  readonly warmUp: readonly WarmUpState[];
  /** Receivers as they answer at the moment. */
  readonly receivers: readonly ThrottleState[];
  /** Worst first. */
  readonly domains: readonly Named[];
  readonly accounts: readonly Named[];
  /** Slowed, or suspended from sending. */
  readonly blocked: readonly Blocked[];
}

/** Rows of each list. */
const MOST = 200;

export class Senders implements AsyncDisposable {
  readonly reputation: Reputation;
  readonly warmUp: WarmUp;
  readonly fastBlock: FastBlock;
  readonly sources: SourcePool;

  private constructor(parts: KeptRowsParts, options: SendersOptions, fastBlock: FastBlock) {
    const { sources, hostname } = options;
    this.fastBlock = fastBlock;
    this.reputation = new Reputation(parts, (account, standing) => fastBlock.judge(account, standing));
    this.warmUp = new WarmUp(parts, options.warmUp);
    this.sources = new SourcePool({ ...parts, sources, hostname, warmUp: this.warmUp, reputation: this.reputation });
  }

  static async open(parts: KeptRowsParts, options: SendersOptions): Promise<Senders> {
    return new Senders(parts, options, await FastBlock.open(parts, options.fastBlock));
  }

  /** How an account that is gone used to send, and how it fared. */
  async forget(account: AccountId): Promise<void> {
    await this.fastBlock.forget(account);
    await this.reputation.forget(account);
  }

  async report(): Promise<DeliverabilityReport> {
    const known = new Map<Subject, Worst>([
      ['account', new Worst()],
      ['domain', new Worst()],
    ]);
    for await (const { subject, name, standing } of this.reputation.all())
      known.get(subject)?.add({ name, score: rounded(score(standing)), ...shown(standing) });
    const warmUp: WarmUpState[] = [];
    for await (const state of this.warmUp.all()) {
      if (warmUp.length === MOST) break;
      if (state.limit !== null) warmUp.push(state);
    }
    return {
      sources: await Promise.all(this.sources.sources.map((source) => this.#source(source))),
      warmUp,
      receivers: this.sources.throttles().slice(0, MOST),
      domains: known.get('domain')?.list ?? [],
      accounts: known.get('account')?.list ?? [],
      blocked: this.fastBlock.list(),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.warmUp[Symbol.asyncDispose]();
    await this.reputation[Symbol.asyncDispose]();
    await this.fastBlock[Symbol.asyncDispose]();
  }

  async #source(source: Source): Promise<DeliverabilityReport['sources'][number]> {
    const name = sourceName(source);
    const standing = await this.reputation.of('source', name);
    const { categories, warm, name: hello } = source;
    return { name, hello, categories, warm, score: rounded(score(standing)), ...shown(standing) };
  }
}

/** The few with the lowest score, of any number. */
class Worst {
  #all: Named[] = [];

  add(one: Named): void {
    this.#all.push(one);
    if (this.#all.length >= 2 * MOST) this.#all = [...this.list];
  }

  /** Worst first. */
  get list(): readonly Named[] {
    return this.#all.toSorted((a, b) => a.score - b.score).slice(0, MOST);
  }
}

function shown(standing: Standing): Standing {
  const entries = Object.entries(standing).map(([what, n]) => [what, Math.round(n * 10) / 10]);
  return Object.fromEntries(entries) as Standing;
}

function rounded(n: number): number {
  return Math.round(n * 1000) / 1000;
}
