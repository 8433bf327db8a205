/**
 * Wakes up the programs of a user when mail arrives in INBOX (RFC 8030): a small message, sealed for the program that subscribed (RFC 8291) and
 * signed by this service (RFC 8292). A push service that says that a subscription is over ends it. What cannot be pushed within
 * some minutes is given up: the mail is there all the same.
 */
import { MailError } from '../../mail/error.ts';
import { Flag, type MailAccount, type MessageMeta } from '../../mailstore/api.ts';
import type { Cache } from '../../ports/cache.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Random } from '../../ports/random.ts';
import type { ExtensionModule, ModuleContext, ModuleEvent, ReadableAccount } from '../module.ts';
import { checkedUrl, post, type PostOptions } from '../post.ts';
import { encryptPush, MOST_PUSHED } from './encrypt.ts';
import { type PushContent, type PushSubscription, subscriptions, unsubscribe } from './subscriptions.ts';
import type { Vapid } from './vapid.ts';

export interface WebPushParts extends PostOptions {
  readonly vapid: Pick<Vapid, 'authorization'>;
  readonly clock: Clock;
  readonly random: Random;
  readonly cache: Cache;
}

const HOUR = 3_600_000;
/** Mail that came longer ago is no news. */
const NEWS_MS = HOUR;
/** To each subscription; those above are not pushed. */
const PER_HOUR = 100;
/** How long a push service keeps it for a program that sleeps. */
const TTL_SECONDS = 24 * 3600;
/** Of one operation; more arrive at once only when somebody copies them. */
const MOST_MAILS = 5;
const TEXT = 200;
const DEADLINE_MS = 15_000;
const LANES = 32;
/** Pushes that went well although the operation is tried again for others. */
const MOST_REMEMBERED = 1_000;

export function webPush(parts: WebPushParts): ExtensionModule {
  const done = new Set<string>();
  return {
    name: 'web-push',
    does: "wakes up a user's programs for new mail (Web Push)",
    events: ['message-added'],
    scope: 'change',
    deadlineMs: DEADLINE_MS,
    lanes: LANES,
    wants: async (account) => (await subscriptions(account)).length > 0,
    async handle(events, context, signal) {
      const now = parts.clock.now();
      const news = newsOf(context.account, events, now);
      if (news.length === 0 || context.change === undefined) return;
      const { version, change: account } = context;
      const wanted = (await subscriptions(account)).filter(({ id, value }) => {
        return version > value.since && !done.has(`${account.id} ${id} ${version}`);
      });
      const outcomes = await Promise.allSettled(
        wanted.map(async ({ id, value }) => {
          await push({ id, value, news, context, account }, parts, signal);
          done.add(`${account.id} ${id} ${version}`);
          for (const first of done) if (done.size > MOST_REMEMBERED) done.delete(first);
        }),
      );
      const failed = outcomes.find((outcome) => outcome.status === 'rejected');
      if (failed !== undefined) throw failed.reason;
    },
  };
}

function newsOf(account: ReadableAccount, events: readonly ModuleEvent[], now: number): readonly MessageMeta[] {
  const inbox = account.folderWithRole('inbox')?.id;
  return events
    .flatMap((event) => (event.type === 'message-added' ? [event.message] : []))
    .filter(({ folder, flags, internalDate }) => {
      return folder === inbox && (flags & Flag.seen) === 0 && now - internalDate < NEWS_MS;
    })
    .slice(-MOST_MAILS);
}

interface Pushing {
  readonly id: string;
  readonly value: PushSubscription;
  readonly news: readonly MessageMeta[];
  readonly context: ModuleContext;
  readonly account: MailAccount;
}

/** Throws what may go better later. */
async function push(
  { id, value, news, context, account }: Pushing,
  parts: WebPushParts,
  signal: AbortSignal,
): Promise<void> {
  const { vapid, cache, clock, random } = parts;
  const facts = { account: account.id, subscription: id };
  if (value.expires !== undefined && value.expires <= clock.now()) return void (await unsubscribe(account, id));
  if ((await cache.increment(`web-push ${account.id} ${id}`, 1, HOUR)) > PER_HOUR) {
    context.log.info(facts, 'nothing was pushed: there was too much');
    return;
  }
  const endpoint = checkedUrl(value.endpoint, parts);
  const text = await payloadOf(account, news, value.content);
  const body = encryptPush(text, value.keys, { salt: random.bytes(16), ourKey: random.bytes(32) });
  const headers = {
    'content-encoding': 'aes128gcm',
    'content-type': 'application/octet-stream',
    authorization: vapid.authorization(endpoint),
    ttl: String(TTL_SECONDS),
    urgency: 'normal',
  };
  const status = await post(endpoint, body, headers, parts, signal);
  if (status >= 200 && status <= 299) return;
  if (status === 404 || status === 410) {
    await unsubscribe(account, id);
    context.log.info(facts, 'a push subscription is over');
  } else if (status === 429 || status >= 500) {
    throw new Error(`the push service answered with ${status}`);
  } else {
    // The same again would be refused again.
    context.log.warn({ ...facts, status }, 'a push service refused what was pushed');
  }
}

async function payloadOf(
  account: ReadableAccount,
  news: readonly MessageMeta[],
  content: PushContent,
): Promise<Buffer> {
  const mails = await Promise.all(
    news.map(async ({ id, thread }) => ({
      id: String(id),
      thread,
      ...(content === 'summary' && (await summaryOf(account, id))),
    })),
  );
  for (;;) {
    const text = Buffer.from(JSON.stringify({ type: 'new-mail', mails }));
    if (text.length <= MOST_PUSHED) return text;
    mails.shift();
  }
}

/** Nothing when it is gone by now. */
async function summaryOf(account: ReadableAccount, id: MessageMeta['id']): Promise<Record<string, string>> {
  try {
    const { envelope } = await account.details(id);
    const [author] = envelope.from;
    return { from: short(author?.name || (author?.address ?? '')), subject: short(envelope.subject) };
  } catch (error) {
    if (error instanceof MailError && error.code === 'message-missing') return {};
    throw error;
  }
}

function short(text: string): string {
  return Array.from(text.toWellFormed()).slice(0, TEXT).join('');
}
