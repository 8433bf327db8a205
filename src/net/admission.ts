/** Who may connect: how many at once in all, per address and per network, and how often per minute. */
import { isLoopback, networkOf } from './address.ts';

export interface AdmissionLimits {
  /** Connections of all protocols together. */
  readonly total: number;
  readonly perAddress: number;
  /** Per IPv4 /24 or IPv6 /64. */
  readonly perNetwork: number;
  /** New connections a minute from one address. */
  readonly perMinute: number;
  /** Counts 127.0.0.0/8 and ::1 like anybody else (except that `total` always counts). */
  readonly limitLoopback: boolean;
}

export const ADMISSION_LIMITS: AdmissionLimits = {
  total: 15_000,
  perAddress: 100,
  perNetwork: 400,
  perMinute: 300,
  limitLoopback: false,
};

export type Refusal = 'total' | 'address' | 'network' | 'rate';

const WINDOW_MS = 60_000;

export class Admission {
  readonly #limits: AdmissionLimits;
  readonly #addresses = new Map<string, number>();
  readonly #networks = new Map<string, number>();
  readonly #recent = new Map<string, number>();
  #windowEnd = 0;
  #open = 0;

  constructor(limits: AdmissionLimits = ADMISSION_LIMITS) {
    this.#limits = limits;
  }

  /** More than four fifths of all connections are taken. */
  get scarce(): boolean {
    return this.#open > this.#limits.total * 0.8;
  }

  /** Whoever is admitted must `leave`. */
  enter(address: string, now: number): Refusal | undefined {
    const limits = this.#limits;
    if (this.#open >= limits.total) return 'total';
    if (this.#counts(address)) {
      if (now >= this.#windowEnd) {
        this.#recent.clear();
        this.#windowEnd = now + WINDOW_MS;
      }
      const recent = (this.#recent.get(address) ?? 0) + 1;
      this.#recent.set(address, recent);
      if (recent > limits.perMinute) return 'rate';
      const network = networkOf(address);
      if ((this.#addresses.get(address) ?? 0) >= limits.perAddress) return 'address';
      if ((this.#networks.get(network) ?? 0) >= limits.perNetwork) return 'network';
      add(this.#addresses, address, 1);
      add(this.#networks, network, 1);
    }
    this.#open++;
    return undefined;
  }

  leave(address: string): void {
    this.#open--;
    if (!this.#counts(address)) return;
    add(this.#addresses, address, -1);
    add(this.#networks, networkOf(address), -1);
  }

  #counts(address: string): boolean {
    return this.#limits.limitLoopback || !isLoopback(address);
  }
}

function add(counts: Map<string, number>, key: string, by: number): void {
  const next = (counts.get(key) ?? 0) + by;
  if (next > 0) counts.set(key, next);
  else counts.delete(key);
}
