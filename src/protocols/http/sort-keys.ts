/** What lists are sorted and chosen by when the index does not hold it: sender, subject, attachments. Remembered, within a bound of bytes. */
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
  readonly hasAttachment: boolean;
}

export class SortKeys {
  /** Of immutable content, so never wrong. By account: no look-up crosses from one to another. */
  readonly #known = new Map<AccountId, Map<EmailId, Keys>>();
  readonly #bound: number;
  #entries = 0;

  constructor(bytes: number) {
    this.#bound = Math.floor(bytes / ENTRY_BYTES);
  }

  of(account: MailAccount, ids: readonly MsgId[], field: Field): Promise<Map<MsgId, string>> {
    return this.#of(account, ids, (keys) => keys[field]);
  }

  /** Those that have one, in the order of `ids`. */
  async withAttachment(account: MailAccount, ids: readonly MsgId[]): Promise<readonly MsgId[]> {
    const found = await this.#of(account, ids, ({ hasAttachment }) => hasAttachment);
    return ids.filter((id) => found.get(id) === true);
  }

  async #of<T>(account: MailAccount, ids: readonly MsgId[], value: (keys: Keys) => T): Promise<Map<MsgId, T>> {
    const known = this.#knownOf(account.id);
    const result = new Map<MsgId, T>();
    const unknown: { readonly id: MsgId; readonly email: EmailId }[] = [];
    await inTurns(ids, (id) => {
      const email = account.meta(id)?.email;
      if (email === undefined) return;
      const keys = known.get(email);
      if (keys === undefined) unknown.push({ id, email });
      else result.set(id, value(keys));
    });
    let i = 0;
    for await (const details of account.detailsOf(unknown.map(({ id }) => id))) {
      const { id, email } = unknown[i++]!;
      if (details === undefined) continue;
      const { envelope, hasAttachment } = details;
      const keys = { from: senderKey(envelope), subject: sortable(baseSubject(envelope.subject).text), hasAttachment };
      this.#remember(known, email, keys);
      result.set(id, value(keys));
    }
    return result;
  }

  #knownOf(account: AccountId): Map<EmailId, Keys> {
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
