/** State outside of components: read at any time, changed in one go, and components draw anew when their part of it has changed. */
import { useSyncExternalStore } from 'react';

export class Store<S extends object> {
  #state: S;
  readonly #listeners = new Set<() => void>();

  constructor(state: S) {
    this.#state = state;
  }

  get state(): S {
    return this.#state;
  }

  set(change: Partial<S>): void {
    this.#state = { ...this.#state, ...change };
    for (const listener of this.#listeners) listener();
  }

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };
}

/** `select` must give the same value as long as nothing of it has changed. */
export function useStore<S extends object, T>(store: Store<S>, select: (state: S) => T): T {
  const now = () => select(store.state);
  return useSyncExternalStore(store.subscribe, now, now);
}
