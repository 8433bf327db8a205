/**
 * Taking back what was delivered: in one commit of its receiver's account, and only if nobody has seen any of it. What is not
 * filed yet never is: the delivery is remembered as one that was withdrawn.
 */
import type { Key, KeyValueStore } from '../../ports/kv.ts';
import { type AccountId, Flag, type MessageMeta, type Placed, type WithdrawalNote } from '../api.ts';
import type { Operation } from '../commit.ts';
import type { Draft } from '../draft.ts';
import { accountPartition, recordKey } from '../keys.ts';
import { messageIds } from '../query.ts';
import { removedChange } from '../state.ts';
import { decodePlaced } from '../values.ts';
import { told } from '../told.ts';
import { besideDelivery, deliveryKeys, sentOnKey, withdrawnRow } from './delivered.ts';
import { preserving } from './legal-hold.ts';
import { recordRow } from './records.ts';

/** What an owner did with a mail without opening it. */
const HANDLED = Flag.seen | Flag.answered;
const FORWARDED = '$forwarded';

/** See `MailAccount.withdraw`. */
export async function withdrawAll(
  kv: KeyValueStore,
  account: AccountId,
  deliveryId: string,
  note: WithdrawalNote | undefined,
  run: (operation: Operation<boolean>) => Promise<boolean>,
): Promise<boolean> {
  // What is filed of it while we look belongs to it as well; afterwards nothing is any more.
  for (let known = -1; ; ) {
    const beside: Key[] = [];
    await told(async () => {
      for await (const page of kv.scan(accountPartition(account), besideDelivery(deliveryId)))
        for (const [key] of page) beside.push(Buffer.from(key));
    });
    if (beside.length === known) return true;
    if (!(await run(withdraw(deliveryId, beside, known < 0 ? note : undefined)))) return false;
    known = beside.length;
  }
}

/** `beside`: the keys in `besideDelivery`. Answers whether nobody has it now: once more for the same delivery answers the same. */
function withdraw(deliveryId: string, beside: readonly Key[], note: WithdrawalNote | undefined): Operation<boolean> {
  const own = deliveryKeys(deliveryId);
  const sentOn = sentOnKey(deliveryId);
  const noteKey = note && recordKey(note.kind, note.id);
  return preserving({
    alone: true,
    reads: () => [...own, sentOn, ...beside, ...(noteKey ? [noteKey] : [])],
    plan(draft) {
      const nothing = (result: boolean) => ({ changes: [], result });
      if (draft.row(sentOn)) return nothing(false);
      const ownKey = own.find((key) => draft.row(key) !== undefined);
      const keys = [ownKey ?? own[0]!, ...beside.filter((key) => draft.row(key) !== undefined)];
      const filed = keys.filter((key) => {
        const row = draft.row(key);
        return row !== undefined && !decodePlaced(row).withdrawn;
      });
      if (ownKey !== undefined && filed.length === 0) return nothing(true);
      const messages = filed.flatMap((key) => copiesOf(draft, decodePlaced(draft.row(key)!)));
      if (filed.length > 0 && (messages.length === 0 || messages.some(isHandled))) return nothing(false);
      const noted =
        note && noteKey && recordRow(note.kind, note.id, [note.entry, ...before(draft, noteKey)].slice(0, note.most)); // prettier-ignore
      return {
        changes: [...messages.map(removedChange), ...(noted ? [noted.change] : [])],
        put: [...keys.map((key) => [key, withdrawnRow(draft.version)] as const), ...(noted ? [noted.row] : [])],
        result: true,
      };
    },
  });
}

/** Wherever its owner has moved or copied it. */
function copiesOf(draft: Draft, { email, thread }: Placed): MessageMeta[] {
  return messageIds(draft.index, { threads: [thread] })
    .map((id) => draft.meta(id))
    .filter((message) => message?.email === email)
    .filter((message) => message !== undefined);
}

function isHandled({ flags, keywords }: MessageMeta): boolean {
  return (flags & HANDLED) !== 0 || keywords.some((keyword) => keyword.toLowerCase() === FORWARDED);
}

function before(draft: Draft, key: Key): readonly unknown[] {
  const value = draft.row(key);
  return value === undefined ? [] : (JSON.parse(Buffer.from(value).toString()) as readonly unknown[]);
}
