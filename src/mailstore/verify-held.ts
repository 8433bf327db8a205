/** The invariants of a sender mailbox: its room is what its mails take, and each visible id names the copy that has it. */
import type { KeyValueStore } from '../ports/kv.ts';
import type { AccountId } from './api.ts';
import { accountPartition, allHeld, heldKey, senderMailboxKey } from './keys.ts';
import { decodeSenderMailbox, heldBytes, waitingCopies } from './operations/held-room.ts';
import { decodeHeldRef } from './operations/held.ts';
import type { SubmissionRow } from './operations/submissions.ts';
import type { Delivery, SubmissionId } from './submission.ts';

export class HeldRows {
  /** What a visible id's row must say, by its key. */
  readonly #named = new Map<string, string>();
  readonly #sum = { used: 0, mails: 0, copies: 0 };
  #copies = 0;

  add(id: SubmissionId, part: number, delivery: Delivery): void {
    if (delivery.held !== true) return;
    this.#copies += waitingCopies([delivery]);
    for (const [position, { held }] of delivery.recipients.entries())
      if (held) this.#named.set(nameOf(heldKey(held.recipientId, held.mailNo)), `${id} ${part} ${position}`);
  }

  /** All deliveries of this submission were added. */
  close(id: SubmissionId, row: SubmissionRow, problems: string[]): void {
    const copies = row.state === 'cancelled' ? 0 : this.#copies;
    this.#copies = 0;
    if (row.hold === undefined) return;
    if (copies !== row.copies)
      problems.push(`submission ${id}: ${row.copies ?? 0} copies to fetch are noted, ${copies} are there`);
    this.#sum.used += heldBytes({ ...row, copies });
    this.#sum.mails += Number(copies > 0);
    this.#sum.copies += copies;
  }

  async check(kv: KeyValueStore, account: AccountId, problems: string[]): Promise<void> {
    const p = accountPartition(account);
    const [value] = await kv.get(p, [senderMailboxKey()]);
    const noted = value ? decodeSenderMailbox(value) : { used: 0, mails: 0, copies: 0 };
    for (const field of ['used', 'mails', 'copies'] as const)
      if (noted[field] !== this.#sum[field])
        problems.push(`sender mailbox: ${field} ${noted[field]} is noted, ${this.#sum[field]} is counted`);
    for await (const page of kv.scan(p, allHeld()))
      for (const [key, row] of page) {
        const { submission, part, position } = decodeHeldRef(row);
        const name = nameOf(key);
        const at = `${submission} ${part} ${position}`;
        if (this.#named.get(name) !== at) problems.push(`sender mailbox: an id names ${at}, which does not have it`);
        this.#named.delete(name);
      }
    for (const at of this.#named.values()) problems.push(`sender mailbox: the copy ${at} cannot be found by its id`);
  }
}

function nameOf(key: Uint8Array): string {
  return Buffer.from(key).toString('hex');
}
