/** Metrics in the Prometheus format. A metric is made where it is counted, once per registry. */
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

export type { Counter, Gauge, Histogram } from 'prom-client';

/** Seconds; from a memory hit to a command that waited for a slow disk. */
const DURATIONS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10];

export class Metrics {
  readonly #registry = new Registry();

  /** Memory, CPU, event loop and file descriptors of the process. */
  watchProcess(): void {
    collectDefaultMetrics({ register: this.#registry, prefix: 'pabal_' });
  }

  /** `name` without prefix, ending in `_total`; the same name answers the same counter. */
  counter<L extends string>(name: string, help: string, labels: readonly L[] = []): Counter<L> {
    return this.#once(
      name,
      (full) => new Counter({ name: full, help, labelNames: labels, registers: [this.#registry] }),
    );
  }

  gauge<L extends string>(name: string, help: string, labels: readonly L[] = []): Gauge<L> {
    return this.#once(name, (full) => new Gauge({ name: full, help, labelNames: labels, registers: [this.#registry] }));
  }

  /** Asked for when somebody looks. */
  watched<L extends string>(
    name: string,
    help: string,
    labels: readonly L[],
    look: (set: (labels: Partial<Record<L, string>>, value: number) => void) => Promise<void>,
  ): void {
    const registers = [this.#registry];
    const gauge: Gauge<L> = new Gauge({
      name: `pabal_${name}`,
      help,
      labelNames: labels,
      registers,
      collect: async () => {
        gauge.reset();
        await look((values, value) => gauge.set(values, value));
      },
    });
  }

  /** In seconds unless other buckets are given. */
  histogram<L extends string>(
    name: string,
    help: string,
    labels: readonly L[] = [],
    buckets: number[] = DURATIONS,
  ): Histogram<L> {
    return this.#once(
      name,
      (full) => new Histogram({ name: full, help, labelNames: labels, buckets, registers: [this.#registry] }),
    );
  }

  /** What `GET /metrics` answers. */
  exposition(): Promise<string> {
    return this.#registry.metrics();
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  #once<M>(name: string, make: (full: string) => M): M {
    const full = `pabal_${name}`;
    return (this.#registry.getSingleMetric(full) as M | undefined) ?? make(full);
  }
}
