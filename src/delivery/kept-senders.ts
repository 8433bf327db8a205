/** Senders of mail that was passed on, which fit into no return path of ours: kept until nobody reports about it any more. */
import { createHash } from 'node:crypto';
import type { KeptSenders } from '../intake/return-paths.ts';
import { toBase32 } from '../mail/base32.ts';
import { partition } from '../ports/kv.ts';
import { KeptRows, type KeptRowsParts } from './kept-rows.ts';

interface Row {
  readonly sender: string;
  /** Day since 1970 on which it was last passed on. */
  readonly day: number;
}

const DAY_MS = 86_400_000;
/** Longer than such a return path is read (`mail/srs.ts`). */
const KEPT_DAYS = 30;
/** Of base32: 100 bits. */
const TOKEN_LENGTH = 20;

export class StoredSenders implements KeptSenders, AsyncDisposable {
  readonly #rows: KeptRows<Row>;
  readonly #parts: KeptRowsParts;

  constructor(parts: KeptRowsParts) {
    this.#parts = parts;
    this.#rows = new KeptRows<Row>(parts, {
      partition: partition('c', 'return-paths'),
      stale: ({ day }, now) => day + KEPT_DAYS < now / DAY_MS,
    });
  }

  async keep(sender: string): Promise<string> {
    // Nobody can guess one that he did not see, and the address around it is signed.
    const token = toBase32(createHash('sha256').update(sender).digest()).slice(0, TOKEN_LENGTH);
    const day = Math.floor(this.#parts.clock.now() / DAY_MS);
    const known = await this.#rows.get(token);
    if (known?.sender === sender && known.day === day) return token;
    await this.#rows.change(token, () => ({ sender, day }));
    await this.#rows.write();
    return token;
  }

  async find(token: string): Promise<string | undefined> {
    return (await this.#rows.get(token))?.sender;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#rows[Symbol.asyncDispose]();
  }
}
