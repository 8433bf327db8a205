/**
 * Which of our addresses a mail goes by: one that is there for its kind, that the receiver takes mail from now, and that
 * has room for today. Addresses that still warm up come first, so that they do; of the others the better names. Who sends badly
 * goes by the worse ones, so that the good ones stay good.
 */
import { isIP } from 'node:net';
import type { Clock } from '../../ports/clock.ts';
import type { Random } from '../../ports/random.ts';
import type { AccountId } from '../../mailstore/api.ts';
import { type Reputation, score } from '../reputation.ts';
import type { Outcome } from '../transfer.ts';
import { asksForLess } from './asks-for-less.ts';
import { DEFAULT_CATEGORY, type Source, sourceName, sourcesFor } from './source.ts';
import { RELAY_LIMITS, Throttle, type ThrottleLimits, THROTTLE_LIMITS, type Turn } from './throttle.ts';
import type { WarmUp } from './warm-up.ts';

export interface SourcePoolParts {
  /** None: every mail goes by the address that the system chooses. */
  readonly sources: readonly Source[];
  /** We, in EHLO, where no source says otherwise. */
  readonly hostname: string;
  readonly warmUp: Pick<WarmUp, 'reserve' | 'giveBack' | 'slowed' | 'warm'>;
  readonly reputation: Pick<Reputation, 'of'>;
  readonly clock: Clock;
  readonly random: Random;
  readonly throttle?: ThrottleLimits;
}

export interface Request {
  readonly provider: string;
  readonly family: 4 | 6;
  /** The operator's own relay: the receivers see its address and not ours. */
  readonly relayed: boolean;
  readonly recipients: number;
  readonly category?: string;
  readonly account?: AccountId;
  readonly domain?: string;
}

export interface Lease {
  readonly source: Source;
  /** Once. `outcomes`: none when the server was not reached. */
  end(outcomes: readonly Outcome[]): Promise<void>;
}

export interface Refusal {
  /** When to ask again, milliseconds since 1970. Undefined: there is no address of this family. */
  readonly until: number | undefined;
  readonly reason: string;
}

export interface ThrottleState {
  readonly source: string;
  readonly provider: string;
  readonly active: number;
  readonly atOnce: number;
  readonly pauseMs: number;
}

/** Below it nobody goes by the address if there is another one. */
const POOR = 0.3;
/** An account or domain below it goes by the worst address. */
const BAD_SENDER = 0.5;
const THROTTLES = 20_000;

export class SourcePool {
  readonly #parts: SourcePoolParts;
  readonly #system: Source;
  readonly #throttles = new Map<string, Throttle>();

  constructor(parts: SourcePoolParts) {
    this.#parts = parts;
    this.#system = { address: undefined, name: parts.hostname, categories: [], warm: true };
  }

  get sources(): readonly Source[] {
    return this.#parts.sources;
  }

  async acquire(request: Request): Promise<Lease | Refusal> {
    const { clock } = this.#parts;
    const { provider, recipients } = request;
    const busy: Throttle[] = [];
    let full: { readonly until: number; readonly name: string } | undefined;
    for (const source of await this.#candidates(request)) {
      const name = sourceName(source);
      const throttle = this.#throttle(name, request);
      if (!throttle.ready(clock.monotonic())) {
        busy.push(throttle);
        continue;
      }
      // Taken before anybody else gets a turn: the rest may have to ask the store.
      const turn = throttle.begin(clock.monotonic());
      let until: number | undefined;
      try {
        until = source.warm ? undefined : await this.#parts.warmUp.reserve(name, provider, recipients);
      } catch (error) {
        throttle.end(turn, [], clock.monotonic());
        throw error;
      }
      if (until === undefined)
        return { source, end: (outcomes) => this.#end(source, throttle, turn, request, outcomes) };
      throttle.end(turn, [], clock.monotonic());
      if (full === undefined || until < full.until) full = { until, name };
    }
    // A turn comes sooner than a day.
    const waits = busy.map((throttle) => throttle.turnIn(clock.monotonic()));
    if (waits.length > 0)
      return { until: clock.now() + Math.min(...waits), reason: `${provider} takes no more mail from us now` };
    if (full !== undefined)
      return { until: full.until, reason: `${full.name} is new, and has sent to ${provider} what it may today` };
    return { until: undefined, reason: `no address of ours speaks IPv${request.family}` };
  }

  /** What differs from the beginning, or is at work. */
  throttles(): ThrottleState[] {
    const now = this.#parts.clock.monotonic();
    return [...this.#throttles].map(([key, throttle]) => {
      const space = key.indexOf(' ');
      const [source, provider] = [key.slice(0, space), key.slice(space + 1)];
      const { active, atOnce } = throttle;
      return { source, provider, active, atOnce, pauseMs: Math.round(throttle.pauseMs(now)) };
    });
  }

  /** Best first. */
  async #candidates(request: Request): Promise<readonly Source[]> {
    const { sources, reputation, random, warmUp } = this.#parts;
    const { category = DEFAULT_CATEGORY, family, relayed, provider, account, domain } = request;
    const there = relayed ? [] : sourcesFor(category, sources);
    if (there.length === 0) return [this.#system];
    const fitting = there.filter(({ address = '' }) => isIP(address) === family);
    if (fitting.length < 2) return fitting;
    const scored = await Promise.all(
      fitting.map(async (source) => {
        const name = sourceName(source);
        const known = score(await reputation.of('source', name));
        const warm = source.warm || (await warmUp.warm(name, provider));
        // The better of two comes first more often, and not always: both must keep their name.
        return { source, known, warm, draw: random.fraction() ** (1 / known ** 2) };
      }),
    );
    const sender = Math.min(
      account === undefined ? 1 : score(await reputation.of('account', account)),
      domain === undefined ? 1 : score(await reputation.of('domain', domain)),
    );
    scored.sort((a, b) => {
      if (sender < BAD_SENDER) return a.known - b.known;
      const poor = Number(a.known < POOR) - Number(b.known < POOR);
      return poor || Number(a.warm) - Number(b.warm) || b.draw - a.draw;
    });
    return scored.map(({ source }) => source);
  }

  #throttle(source: string, { provider, relayed }: Request): Throttle {
    const key = `${source} ${relayed ? `relay ${provider}` : provider}`;
    let throttle = this.#throttles.get(key);
    if (throttle === undefined) {
      throttle = new Throttle(relayed ? RELAY_LIMITS : (this.#parts.throttle ?? THROTTLE_LIMITS));
      if (this.#throttles.size >= THROTTLES) this.#forget();
      this.#throttles.set(key, throttle);
    }
    return throttle;
  }

  #forget(): void {
    const now = this.#parts.clock.monotonic();
    for (const [key, throttle] of this.#throttles) if (throttle.forgettable(now)) this.#throttles.delete(key);
  }

  async #end(
    source: Source,
    throttle: Throttle,
    turn: Turn,
    { provider, recipients }: Request,
    outcomes: readonly Outcome[],
  ): Promise<void> {
    const { clock, warmUp } = this.#parts;
    throttle.end(turn, outcomes, clock.monotonic());
    if (source.warm) return;
    if (outcomes.length === 0) warmUp.giveBack(sourceName(source), provider, recipients);
    else if (outcomes.some((outcome) => asksForLess(outcome) === 'rate'))
      await warmUp.slowed(sourceName(source), provider);
  }
}
