/** How many connections one account has open at once, IMAP and POP3 together: in all, and from one address. */
import { isLoopback } from './address.ts';

export interface AccountConnectionLimits {
  readonly perAccount: number;
  readonly perAccountAndAddress: number;
  /** Counts 127.0.0.0/8 and ::1 like anybody else. */
  readonly limitLoopback: boolean;
}

export class AccountConnections {
  readonly #limits: AccountConnectionLimits;
  /** By account, then by address. */
  readonly #open = new Map<string, Map<string, number>>();

  constructor(limits: AccountConnectionLimits) {
    this.#limits = limits;
  }

  /** A place, to be disposed of when the connection ends; undefined when there is none left. */
  enter(account: string, address: string): Disposable | undefined {
    const { perAccount, perAccountAndAddress, limitLoopback } = this.#limits;
    if (!limitLoopback && isLoopback(address)) return { [Symbol.dispose]: () => undefined };
    const addresses = this.#open.get(account) ?? new Map<string, number>();
    const here = addresses.get(address) ?? 0;
    let all = 0;
    for (const count of addresses.values()) all += count;
    if (all >= perAccount || here >= perAccountAndAddress) return undefined;
    addresses.set(address, here + 1);
    this.#open.set(account, addresses);
    let left = false;
    return {
      [Symbol.dispose]: () => {
        if (left) return;
        left = true;
        this.#leave(account, address);
      },
    };
  }

  /** Accounts with a place taken. */
  get accounts(): number {
    return this.#open.size;
  }

  #leave(account: string, address: string): void {
    const addresses = this.#open.get(account);
    const count = (addresses?.get(address) ?? 1) - 1;
    if (count > 0) addresses?.set(address, count);
    else addresses?.delete(address);
    if (addresses?.size === 0) this.#open.delete(account);
  }
}
