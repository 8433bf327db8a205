/** Programs of an account that want to be woken up for new mail, through the push service of their maker. */
import { hash } from 'node:crypto';
import { MailError } from '../../mail/error.ts';
import type { MailAccount } from '../../mailstore/api.ts';
import { checkedUrl, type PostOptions } from '../post.ts';
import { checkedKeys, type PushKeys } from './encrypt.ts';

const KIND = 'push-subscription';
/** Of one account. */
export const MOST_SUBSCRIPTIONS = 20;

/** What is told of a mail: that there is one, or who wrote it and what about. */
export const PUSH_CONTENTS = ['none', 'summary'] as const;
export type PushContent = (typeof PUSH_CONTENTS)[number];

export interface PushSubscription {
  readonly endpoint: string;
  readonly keys: PushKeys;
  readonly content: PushContent;
  /** For the owner, who has several. */
  readonly name: string;
  /** Milliseconds since 1970; absent: as long as the push service likes. */
  readonly expires?: number;
  readonly created: number;
  /** What happened up to this version it does not hear. */
  readonly since: number;
}

export type WantedSubscription = Omit<PushSubscription, 'created' | 'since'>;
type Records = Pick<MailAccount, 'records' | 'record' | 'putRecord'>;

export function subscriptions(
  account: Pick<MailAccount, 'records'>,
): Promise<readonly { readonly id: string; readonly value: PushSubscription }[]> {
  return account.records<PushSubscription>(KIND);
}

/** The same endpoint again replaces what was said of it before. Throws `syntax`, `limit`. */
export async function subscribe(
  account: Records & Pick<MailAccount, 'refresh'>,
  wanted: WantedSubscription,
  { now, ...options }: Pick<PostOptions, 'privateAddresses'> & { readonly now: number },
): Promise<PushSubscription & { readonly id: string }> {
  checkedUrl(wanted.endpoint, options);
  checkedKeys(wanted.keys);
  const id = hash('sha256', wanted.endpoint, 'base64url').slice(0, 22);
  const known = await subscriptions(account);
  if (known.length >= MOST_SUBSCRIPTIONS && !known.some((one) => one.id === id))
    throw new MailError('limit', 'user', `an account has ${MOST_SUBSCRIPTIONS} push subscriptions at most`);
  const made: PushSubscription = { ...wanted, created: now, since: await account.refresh() };
  await account.putRecord(KIND, id, made);
  return { id, ...made };
}

/** Answers whether there was one. */
export async function unsubscribe(account: Records, id: string): Promise<boolean> {
  if ((await account.record(KIND, id)) === undefined) return false;
  await account.putRecord(KIND, id, undefined);
  return true;
}
