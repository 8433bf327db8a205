/** What a sender mailbox tells its owner by mail from time to time (SMM, its third function): the room that is used and free, and what waits longest. */
import { formatDate } from '../mail/date.ts';
import type { MailAccount } from '../mailstore/api.ts';
import type { SenderMailboxFacts } from '../mailstore/sender-mailbox.ts';
import { sizeWords } from '../mail/size-words.ts';
import { listWaiting } from './manager.ts';
import { notice } from './notices.ts';

/** A mail that waits. */
interface Waiting {
  readonly subject: string;
  readonly sent: number;
  readonly size: number;
  readonly expires: number;
  readonly copies: number;
  readonly unfetched: number;
}

export interface Usage {
  readonly facts: SenderMailboxFacts;
  /** Those that wait longest, the oldest first. */
  readonly oldest: readonly Waiting[];
}

const RECORD = ['sender-mailbox', 'report'] as const;
const DAY = 86_400_000;
/** Of the room: from so much on it is told every day. */
const NEARLY_FULL = 0.9;
const MOST_NAMED = 20;

/** What is to be told now; undefined: it is not time. `days` between two reports, 0: none. */
export async function usageDue(account: MailAccount, days: number, now: number): Promise<Usage | undefined> {
  if (days === 0) return undefined;
  const facts = await account.senderMailbox.facts();
  if (facts === undefined || facts.mails === 0) return undefined;
  const told = (await account.record<{ readonly at: number }>(...RECORD))?.at ?? facts.opened;
  if (now - told < (isNearlyFull(facts) ? Math.min(1, days) : days) * DAY) return undefined;
  return { facts, oldest: await oldest(account) };
}

/** It was told. */
export async function noteUsageTold(account: MailAccount, at: number): Promise<void> {
  await account.putRecord(...RECORD, { at });
}

/** `gateway`: the recipient for whom it is kept is told, and not who sent it. */
export function usageReport(
  { facts, oldest: waiting }: Usage,
  to: string,
  domain: string,
  about: { readonly hostname: string; readonly now: number },
  gateway: boolean,
): Buffer {
  const { used, limit, mails, copies, senderId } = facts;
  const full = isNearlyFull(facts);
  const room =
    limit === undefined
      ? `${sizeWords(used)} used, no limit`
      : `${sizeWords(used)} of ${sizeWords(limit)} used, ${sizeWords(Math.max(0, limit - used))} free`;
  const lines = waiting.flatMap(({ subject, sent, size, expires, copies: all, unfetched }) => [
    `  ${formatDate(sent)}, ${sizeWords(size)}: ${oneLine(subject)}`,
    `    ${unfetched} of ${all} not fetched; removed on ${formatDate(expires)}`,
  ]);
  const more = mails - waiting.length;
  return notice(domain, to, titleOf(full, gateway), `usage.${senderId}`, about, [
    gateway
      ? 'What a gateway keeps for you until you fetch it:'
      : 'What your sender mailbox keeps until it is fetched:',
    '',
    `  ${room}`,
    `  ${mails} mails, ${copies} copies`,
    '',
    'The oldest ones:',
    ...lines,
    ...(more > 0 ? [`  and ${more} more`] : []),
    '',
    ...(full && !gateway
      ? ['It is nearly full: then mail that is to be kept is refused. Delete what nobody fetches.', '']
      : []),
    gateway
      ? '메일연동장치에 보관 중인 메일의 사용량과 오래된 원본메일입니다.'
      : '송신측 메일사서함의 사용량, 여유공간과 오래된 원본메일입니다.',
    ...(full && !gateway
      ? ['여유공간이 거의 없습니다. 가득 차면 원본메일을 보낼 수 없으니 오래된 메일을 삭제해 주세요.']
      : []),
  ]);
}

function titleOf(full: boolean, gateway: boolean): string {
  if (gateway) return 'Mail that a gateway keeps for you (메일연동장치)';
  return full ? 'Your sender mailbox is nearly full (송신측 메일사서함)' : 'Your sender mailbox (송신측 메일사서함)';
}

/** By mail; the list has the newest mail first. */
async function oldest(account: MailAccount): Promise<readonly Waiting[]> {
  const last: (Waiting & { readonly id: string })[] = [];
  for await (const { mail, recipient } of listWaiting(account)) {
    const missing = recipient.held.fetched === undefined ? 1 : 0;
    const known = last.at(-1);
    if (known?.id === mail.id) {
      const expires = Math.min(known.expires, recipient.held.expires);
      last[last.length - 1] = { ...known, copies: known.copies + 1, unfetched: known.unfetched + missing, expires };
      continue;
    }
    const { id, subject, size, created, released = created } = mail;
    last.push({ id, subject, size, sent: released, expires: recipient.held.expires, copies: 1, unfetched: missing });
    if (last.length > MOST_NAMED) last.shift();
  }
  return last.toReversed();
}

function isNearlyFull({ used, limit }: SenderMailboxFacts): boolean {
  return limit !== undefined && used >= NEARLY_FULL * limit;
}

function oneLine(text: string): string {
  return text.replaceAll(/[\0-\x1f\x7f]+/g, ' ');
}
