/** Argon2id (RFC 9106), a few at a time: each takes tens of milliseconds of a core and megabytes of memory. */
import { pbkdf2 } from 'node:crypto';
import { promisify } from 'node:util';
import { hash, verify } from '@node-rs/argon2';
import { MailError } from '../mail/error.ts';
import type { BreachedPasswords } from '../ports/breached-passwords.ts';

export interface HashCost {
  /** KiB. */
  readonly memoryCost: number;
  readonly timeCost: number;
}

/** About 60 ms on one core of 2026. */
export const HASH_COST: HashCost = { memoryCost: 48 * 1024, timeCost: 4 };

// Hashing, files and the store share libuv's four threads: more at once would stall the mail.
const AT_ONCE = 2;
const MAX_WAITING = 48;
const MAX_BYTES = 1024;

const pbkdf2Later = promisify(pbkdf2);

export class Passwords {
  readonly #cost: HashCost;
  readonly #breached: BreachedPasswords | undefined;
  #dummy: Promise<string> | undefined;
  #running = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(cost: HashCost = HASH_COST, breached?: BreachedPasswords) {
    this.#cost = cost;
    this.#breached = breached;
  }

  /** Whether nobody may choose it. */
  async isBreached(password: string): Promise<boolean> {
    return (await this.#breached?.has(password)) ?? false;
  }

  /** A PHC string with a salt of its own. Throws `busy`, `not-allowed`, `password-known`. */
  async hash(password: string): Promise<string> {
    if (password === '' || Buffer.byteLength(password) > MAX_BYTES)
      throw new MailError('not-allowed', 'user', `a password has 1 to ${MAX_BYTES} bytes`);
    if (await this.isBreached(password))
      throw new MailError(
        'password-known',
        'user',
        'that password is in the list of breached ones: choose another one',
      );
    return this.#inTurn(() => this.#hashed(password));
  }

  /** Of a password that is right, a new hash if the one that is kept is cheaper to guess from than those of today. Throws `busy`. */
  async stronger(phc: string, password: string): Promise<string | undefined> {
    const [, memory, time] = /^\$argon2id\$v=19\$m=(\d+),t=(\d+),p=\d+\$/.exec(phc) ?? [];
    if (Number(memory) >= this.#cost.memoryCost && Number(time) >= this.#cost.timeCost) return undefined;
    return this.#inTurn(() => this.#hashed(password));
  }

  #hashed(password: string): Promise<string> {
    return hash(password.normalize('NFC'), { ...this.#cost, parallelism: 1 });
  }

  /** Takes as long when there is no such account (`phc` undefined). Throws `busy`. */
  async verify(phc: string | undefined, password: string): Promise<boolean> {
    // Whatever is too long is wrong, for everybody alike.
    if (Buffer.byteLength(password) > MAX_BYTES) return false;
    return this.#inTurn(async () => {
      const right = await verify(phc ?? (await this.#dummyHash()), password.normalize('NFC'));
      return right && phc !== undefined;
    });
  }

  /** PBKDF2 as SCRAM-SHA-256 has it (RFC 5802 §2.2). Throws `busy`. */
  async salted(prepared: string, salt: Uint8Array, iterations: number): Promise<Uint8Array> {
    return this.#inTurn(() => pbkdf2Later(prepared, salt, iterations, 32, 'sha256'));
  }

  #dummyHash(): Promise<string> {
    this.#dummy ??= hash('nobody', { ...this.#cost, parallelism: 1 });
    return this.#dummy;
  }

  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (this.#running >= AT_ONCE) {
      if (this.#waiting.length >= MAX_WAITING)
        throw new MailError('busy', 'temporary', `more than ${MAX_WAITING} passwords wait to be checked`);
      // Whoever finishes hands its place on, so `#running` stays.
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    } else this.#running++;
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#running--;
      else next();
    }
  }
}
