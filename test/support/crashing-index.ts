/** A store that ends in the middle of indexing, flushing or merging, as a process that is killed does. */
import { SEARCH } from '../../src/mailstore/keys.ts';
import type { KeyValueStore } from '../../src/ports/kv.ts';

class Crashed extends Error {}

/** Everything through it fails from the nth write of the index on. */
export function crashing(kv: KeyValueStore, writes: number): KeyValueStore {
  let left = writes;
  const dead = (): void => {
    if (left <= 0) throw new Crashed();
  };
  return new Proxy(kv, {
    get(target, name) {
      const value = Reflect.get(target, name, target) as unknown;
      if (typeof value !== 'function') return value;
      return (...args: unknown[]) => {
        dead();
        const ours = (name === 'putImmutable' || name === 'dropImmutable') && args[1] === SEARCH;
        if (ours || name === 'commit') left--;
        return (value as (...args: unknown[]) => unknown).apply(target, args);
      };
    },
  });
}
