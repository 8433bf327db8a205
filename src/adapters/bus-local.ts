/** Wake-ups inside one process. */
import type { Bus } from '../ports/bus.ts';

export class LocalBus implements Bus {
  readonly #receivers = new Map<string, Set<(message: unknown) => void>>();
  #pending: { topic: string; message: unknown }[] = [];
  #closed = false;
  readonly #onError: (error: unknown) => void;

  /** `onError` hears of a subscriber that threw; the others are called all the same. */
  constructor(onError: (error: unknown) => void = () => undefined) {
    this.#onError = onError;
  }

  publish(topic: string, message: unknown): void {
    if (this.#closed || !this.#receivers.has(topic)) return;
    if (this.#pending.push({ topic, message }) === 1) queueMicrotask(() => this.#deliver());
  }

  subscribe(topic: string, receive: (message: unknown) => void): Disposable {
    // A function of its own, so that the same one may be subscribed twice.
    const receiver = (message: unknown) => receive(message);
    let receivers = this.#receivers.get(topic);
    if (!receivers) this.#receivers.set(topic, (receivers = new Set()));
    receivers.add(receiver);
    return {
      [Symbol.dispose]: () => {
        receivers.delete(receiver);
        if (receivers.size === 0 && this.#receivers.get(topic) === receivers) this.#receivers.delete(topic);
      },
    };
  }

  #deliver(): void {
    const pending = this.#pending;
    this.#pending = [];
    for (const { topic, message } of pending) {
      const receivers = Array.from(this.#receivers.get(topic) ?? []);
      for (const receive of receivers) {
        try {
          receive(message);
        } catch (error) {
          this.#onError(error);
        }
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    this.#pending = [];
    this.#receivers.clear();
  }
}
