/** Other people's mail servers at their worst, on loopback: what each does depends on the clock and on chance. */
import type { ManualClock } from '../../src/adapters/clock-manual.ts';
import type { SeededRandom } from '../../src/adapters/random-seeded.ts';
import type { Route } from '../../src/delivery/route.ts';
import { type Answer, ScriptedServer } from '../smtp/scripted-server.ts';

const MINUTE = 60_000;
const HOUR = 3_600_000;
const DAY = 86_400_000;

/** How the servers of a domain behave, by the first word of its name. `ends`: what becomes of mail for them. */
export const KINDS = {
  good: { ends: 'sent' },
  /** 550 to every recipient. */
  refusing: { ends: 'bounced' },
  /** 451 to every recipient, for ever. */
  putting: { ends: 'bounced' },
  /** 451 on the first day. */
  busy: { ends: 'sent' },
  /** 451 until five minutes after it first saw the recipient. */
  greylisting: { ends: 'sent' },
  /** Says nothing more, at any step, in the first three hours. */
  hanging: { ends: 'sent' },
  /** Closes in the middle of the mail, more often than not. */
  dropping: { ends: 'sent' },
  /** Cannot be reached for two days. */
  down: { ends: 'sent' },
  /** Cannot be reached at all. */
  dead: { ends: 'bounced' },
} as const;
export type Kind = keyof typeof KINDS;
const STEPS = ['CONNECT', 'EHLO', 'MAIL', 'RCPT', 'DATA', 'BODY', 'END'];

export class HardWorld implements AsyncDisposable {
  readonly #servers = new Map<Kind, ScriptedServer>();
  /** When each recipient of `putting` was named, in milliseconds. */
  readonly named = new Map<string, number[]>();
  /** When something last happened, by the machine's clock. */
  lastEvent = 0;
  readonly #began: number;
  readonly #seen = new Map<string, number>();
  readonly #hangsAt = new Map<number, string | undefined>();
  readonly #drops = new Map<number, boolean>();
  readonly #clock: ManualClock;
  readonly #random: SeededRandom;

  private constructor(clock: ManualClock, random: SeededRandom) {
    this.#clock = clock;
    this.#random = random;
    this.#began = clock.now();
  }

  static async start(clock: ManualClock, random: SeededRandom): Promise<HardWorld> {
    const world = new HardWorld(clock, random);
    for (const [i, kind] of (Object.keys(KINDS) as Kind[]).entries())
      world.#servers.set(
        kind,
        await ScriptedServer.start({
          extensions: i % 2 === 0 ? ['PIPELINING', '8BITMIME'] : ['PIPELINING', '8BITMIME', 'CHUNKING'],
          answer: (line, session) => world.#answer(kind, line, session.number),
        }),
      );
    return world;
  }

  route(domain: string): Route {
    const kind = domain.slice(0, domain.indexOf('-')) as Kind;
    const reachable = kind !== 'dead' && !(kind === 'down' && this.#age() < 2 * DAY);
    // Nobody listens at port 1.
    const port = reachable ? this.#servers.get(kind)!.port : 1;
    const addresses = [{ address: '127.0.0.1', family: 4 as const }];
    return { kind: 'hops', domain, hops: [{ host: `mx.${domain}`, port, addresses, authenticated: false }] };
  }

  /** How often each recipient's mail was taken. */
  taken(): ReadonlyMap<string, number> {
    const counts = new Map<string, number>();
    for (const { mails } of this.#servers.values())
      for (const { rcpt } of mails)
        for (const line of rcpt) {
          const address = addressIn(line);
          counts.set(address, (counts.get(address) ?? 0) + 1);
        }
    return counts;
  }

  #age(): number {
    return this.#clock.now() - this.#began;
  }

  #answer(kind: Kind, line: string, session: number): Answer {
    this.lastEvent = performance.now();
    const word = line.split(/[ :]/, 1)[0] ?? '';
    switch (kind) {
      case 'refusing':
        return word === 'RCPT' ? '550 5.1.1 There is nobody of that name' : undefined;
      case 'putting':
        if (word !== 'RCPT') return undefined;
        this.#note(addressIn(line));
        return '451 4.3.0 Not now';
      case 'busy':
        return word === 'RCPT' && this.#age() < DAY ? '451 4.3.0 Not today' : undefined;
      case 'greylisting': {
        if (word !== 'RCPT') return undefined;
        const address = addressIn(line);
        const since = this.#seen.get(address) ?? this.#clock.now();
        this.#seen.set(address, since);
        return this.#clock.now() - since < 5 * MINUTE ? '450 4.7.1 Greylisted' : undefined;
      }
      case 'hanging': {
        if (this.#age() >= 3 * HOUR) return undefined;
        const step = this.#once(this.#hangsAt, session, () => STEPS[this.#random.below(STEPS.length)]);
        return word === step ? 'HANG' : undefined;
      }
      case 'dropping':
        // The same whenever it is asked in one session.
        return word === 'BODY' && this.#once(this.#drops, session, () => this.#random.fraction() < 0.7)
          ? 'DROP'
          : undefined;
      default:
        return undefined;
    }
  }

  #once<T>(known: Map<number, T>, session: number, draw: () => T): T {
    if (!known.has(session)) known.set(session, draw());
    return known.get(session) as T;
  }

  #note(address: string): void {
    const times = this.named.get(address) ?? [];
    this.named.set(address, times);
    times.push(this.#clock.now());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#servers.values()].map((server) => server[Symbol.asyncDispose]()));
  }
}

function addressIn(line: string): string {
  return /<([^>]*)>/.exec(line)?.[1] ?? '';
}
