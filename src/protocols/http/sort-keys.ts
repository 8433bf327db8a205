/** What lists are sorted by when the index does not hold it: sender and subject. Remembered, within a bound of bytes. */
import type { AccountId, EmailId, MailAccount, MsgId } from '../../mailstore/api.ts';
import { inTurns } from './in-turns.ts';
import type { Envelope } from '../../mail/message.ts';
import { baseSubject } from '../../mail/thread.ts';

type Field = 'from' | 'subject';
const KEY_CHARACTERS = 64;
/** Two keys and what the maps around them take. */
const ENTRY_BYTES = 4 * KEY_CHARACTERS + 200;

interface Keys {
  readonly from: string;
  readonly subject: string;
}

export class SortKeys {
  /** Of immutable content, so never wrong. By account: no look-up crosses from one to another. */
  readonly #known = new Map<AccountId, Map<EmailId, Keys>>();
  readonly #bound: number;
  #entries = 0;

  constructor(bytes: number) {
    this.#bound = Math.floor(bytes / ENTRY_BYTES);
  }

  async of(account: MailAccount, ids: readonly MsgId[], field: Field): Promise<Map<MsgId, string>> {
    const known = this.#of(account.id);
    const result = new Map<MsgId, string>();
    const unknown: { readonly id: MsgId; readonly email: EmailId }[] = [];
    await inTurns(ids, (id) => {
      const email = account.meta(id)?.email;
      if (email === undefined) return;
      const keys = known.get(email);
      if (keys === undefined) unknown.push({ id, email });
      else result.set(id, keys[field]);
    });
    let i = 0;
    for await (const details of account.detailsOf(unknown.map(({ id }) => id))) {
      const { id, email } = unknown[i++]!;
      if (details === undefined) continue;
      const { envelope } = details;
      const keys = { from: senderKey(envelope), subject: sortable(baseSubject(envelope.subject).text) };
      this.#remember(known, email, keys);
      result.set(id, keys[field]);
    }
    return result;
  }

  #of(account: AccountId): Map<EmailId, Keys> {
    const known = this.#known.get(account) ?? new Map<EmailId, Keys>();
    // Last used last.
    this.#known.delete(account);
    this.#known.set(account, known);
    return known;
  }

  #remember(known: Map<EmailId, Keys>, email: EmailId, keys: Keys): void {
    if (this.#entries >= this.#bound) this.#forgetOldest(known);
    if (!known.has(email)) this.#entries++;
    known.set(email, keys);
  }

  /** Whole accounts go, the one used longest ago first; the one in use goes last. */
  #forgetOldest(inUse: Map<EmailId, Keys>): void {
    for (const [account, known] of this.#known) {
      if (this.#entries < this.#bound) return;
      this.#entries -= known.size;
      if (known === inUse) known.clear();
      else this.#known.delete(account);
    }
  }
}

function senderKey({ from }: Envelope): string {
  const sender = from[0];
  return sortable(sender?.name || sender?.address || '');
}

function sortable(text: string): string {
  return text.trim().slice(0, KEY_CHARACTERS).normalize('NFC').toLowerCase();
}
