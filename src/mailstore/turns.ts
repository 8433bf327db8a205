/** So many at a time, the others after them in their order. */
export class Turns {
  readonly #most: number;
  #under = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(most: number) {
    this.#most = most;
  }

  /** How many wait. */
  get waiting(): number {
    return this.#waiting.length;
  }

  get isIdle(): boolean {
    return this.#under === 0;
  }

  async run<T>(act: () => Promise<T>): Promise<T> {
    if (this.#under >= this.#most) await new Promise<void>((go) => this.#waiting.push(go));
    else this.#under++;
    try {
      return await act();
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#under--;
    }
  }
}
