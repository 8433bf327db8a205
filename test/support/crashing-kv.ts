/** A store whose process dies at a chosen write: before it, or after it but before anybody is told. */
import type { MemoryKv } from '../../src/adapters/kv-memory.ts';
import { type Key, type KeyValueStore, StoreFailed } from '../../src/ports/kv.ts';

export interface Crash {
  /** The write at which it dies, from 1; later than the last one = never. */
  readonly at: number;
  readonly applied: boolean;
  /** Rows that are not there for whoever reads: what a test must notice. */
  readonly hides?: (key: Key) => boolean;
}

export interface CrashingKv {
  readonly kv: KeyValueStore;
  /** Writes so far. */
  readonly writes: number;
  readonly dead: boolean;
}

export function crashingKv(kv: MemoryKv, { at, applied, hides = () => false }: Crash): CrashingKv {
  const state = { writes: 0, dead: false };
  const failure = (): StoreFailed => new StoreFailed('the process is dead');
  const write = async <T>(act: () => Promise<T>): Promise<T> => {
    if (state.dead) throw failure();
    if (++state.writes < at) return act();
    state.dead = true;
    if (applied) await act();
    throw failure();
  };
  const read = async <T>(act: () => Promise<T>): Promise<T> => {
    if (state.dead) throw failure();
    return act();
  };
  const wrapped: KeyValueStore = {
    supports: kv.supports,
    limits: kv.limits,
    get lost() {
      return state.dead ? 1 : 0;
    },
    head: (p) => read(() => kv.head(p)),
    get: (p, keys) =>
      read(async () => (await kv.get(p, keys)).map((value, i) => (hides(keys[i]!) ? undefined : value))),
    scan: (p, range) => {
      if (state.dead) throw failure();
      return pagesWithout(kv.scan(p, range), hides);
    },
    commit: (...args) => write(() => kv.commit(...args)),
    resolve: (...args) => read(() => kv.resolve(...args)),
    putImmutable: (...args) => write(() => kv.putImmutable(...args)),
    getImmutable: (...args) => read(() => kv.getImmutable(...args)),
    scanImmutable: (...args) => {
      if (state.dead) throw failure();
      return kv.scanImmutable(...args);
    },
    dropImmutable: (...args) => write(() => kv.dropImmutable(...args)),
    partitions: (...args) => kv.partitions(...args),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  return {
    kv: wrapped,
    get writes() {
      return state.writes;
    },
    get dead() {
      return state.dead;
    },
  };
}

async function* pagesWithout(
  pages: ReturnType<KeyValueStore['scan']>,
  hides: (key: Key) => boolean,
): ReturnType<KeyValueStore['scan']> {
  for await (const page of pages) yield page.filter(([key]) => !hides(key));
}
