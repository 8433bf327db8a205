/** Does the store still keep its promises? Asked by /healthz. */
import type { Clock } from '../ports/clock.ts';
import { type CommitId, type KeyValueStore, partition } from '../ports/kv.ts';
import type { Random } from '../ports/random.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { VERSION } from '../version.ts';

export interface HealthParts {
  readonly kv: KeyValueStore;
  /** Why the store has given up, once it has. */
  readonly failed: () => Error | undefined;
  /** Where attachments are when they are not in the data folder. */
  readonly bucket?: { check(): Promise<void> } | undefined;
  readonly clock: Clock;
  readonly random: Random;
  /** Bytes of room where the data is. */
  readonly free: () => Promise<number>;
}

/** A probe writes to the disk: more often than this nobody gets a new answer. */
const FRESH_MS = 3000;
const PATIENCE_MS = 4000;
const LOW = 64 << 20;
const PROBE = partition('c', 'health');

export interface Watched {
  /** As `Health.problems`. */
  readonly problems: () => Promise<readonly string[]>;
  readonly free: () => Promise<number>;
}

/** For whoever watches the service from outside: whether its store keeps its promises, how much room there is, and what runs. */
export function watchHealth(metrics: Metrics, { problems, free }: Watched): void {
  metrics.watched('health_problems', 'What /healthz finds wrong; 0 when all is well.', [], async (set) =>
    set({}, (await problems()).length),
  );
  metrics.watched('data_free_bytes', 'Room where the data is.', [], async (set) => set({}, await free()));
  metrics.gauge('build_info', 'Always 1; the label says which version runs.', ['version']).set({ version: VERSION }, 1);
}

export class Health {
  readonly #parts: HealthParts;
  #last: { readonly at: number; readonly problems: Promise<readonly string[]> } | undefined;

  constructor(parts: HealthParts) {
    this.#parts = parts;
  }

  /** One line each; empty when all is well. */
  problems(): Promise<readonly string[]> {
    const failed = this.#parts.failed();
    if (failed) return Promise.resolve([`the store has failed: ${failed.message}`]);
    const now = this.#parts.clock.monotonic();
    if (this.#last === undefined || now - this.#last.at > FRESH_MS) this.#last = { at: now, problems: this.#probe() };
    return this.#last.problems;
  }

  async #probe(): Promise<readonly string[]> {
    const problems: string[] = [];
    const late = Promise.withResolvers<string>();
    using _timer = this.#parts.clock.after(PATIENCE_MS, () =>
      late.resolve(`the store takes longer than ${PATIENCE_MS} ms`),
    );
    const slow = Promise.withResolvers<string>();
    using _slow = this.#parts.clock.after(PATIENCE_MS, () =>
      slow.resolve(`the bucket does not answer for ${PATIENCE_MS} ms`),
    );
    const asked = [Promise.race([this.#write(), late.promise]), Promise.race([this.#askBucket(), slow.promise])];
    for (const problem of await Promise.all(asked)) if (problem !== undefined) problems.push(problem);
    const free = await this.#parts.free().catch(() => undefined);
    if (free === undefined) problems.push('the data folder cannot be looked at');
    else if (free < LOW) problems.push(`only ${free >> 20} MiB of room are left for the data`);
    return problems;
  }

  async #askBucket(): Promise<string | undefined> {
    try {
      await this.#parts.bucket?.check();
      return undefined;
    } catch (error) {
      return `attachments cannot be reached: ${(error as Error).message}`;
    }
  }

  /** A commit as any other: whatever keeps mail from being stored keeps this from being stored. */
  async #write(): Promise<string | undefined> {
    const { kv, random } = this.#parts;
    try {
      const { version } = await kv.head(PROBE);
      const id = `h.${Buffer.from(random.bytes(15)).toString('base64url')}` as CommitId;
      const { kind } = await kv.commit(PROBE, version, version + 1, {}, id);
      if (kind === 'unknown') await kv.resolve(PROBE, version, id);
      return undefined;
    } catch (error) {
      return `the store cannot be written to: ${(error as Error).message}`;
    }
  }
}
