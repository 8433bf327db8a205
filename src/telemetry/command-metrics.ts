/** Commands of a line protocol, counted by their names: a bounded set, whatever clients send. */
import type { Metrics } from './metrics.ts';

interface Series {
  readonly done: { inc(): void };
  readonly failed: { inc(): void };
  readonly seconds: { observe(seconds: number): void } | undefined;
}

/** What is no command at all. */
const UNKNOWN = 'unknown';

export class CommandMetrics {
  readonly #series = new Map<string, Series>();

  /** `untimed`: commands that last as long as the client likes. */
  constructor(metrics: Metrics, protocol: string, names: Iterable<string>, untimed: readonly string[] = []) {
    const count = metrics.counter('commands_total', 'Commands answered.', ['protocol', 'command', 'result']);
    const time = metrics.histogram('command_seconds', 'From reading a command to its answer.', ['protocol', 'command']);
    for (const command of [...names, UNKNOWN]) {
      this.#series.set(command, {
        done: count.labels({ protocol, command, result: 'done' }),
        failed: count.labels({ protocol, command, result: 'failed' }),
        seconds: untimed.includes(command) ? undefined : time.labels({ protocol, command }),
      });
    }
  }

  /** For `end`. */
  begin(): number {
    return performance.now();
  }

  /** `name` undefined: what was sent is no command. */
  end(name: string | undefined, began: number, failed: boolean): void {
    const series = this.#series.get(name ?? UNKNOWN) ?? this.#series.get(UNKNOWN);
    series?.[failed ? 'failed' : 'done'].inc();
    series?.seconds?.observe((performance.now() - began) / 1000);
  }
}
