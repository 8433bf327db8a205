/**
 * Tells programs of a user what happens in the account, by HTTP. Each request is signed with the hook's secret:
 * `Pabal-Signature: t=<seconds>,v1=<hex of HMAC-SHA-256 over "t.body">`. An event has an `id` that stays the same when it comes again.
 */
import { createHmac } from 'node:crypto';
import { MailError } from '../mail/error.ts';
import { Flag, type MailAccount, type MessageMeta } from '../mailstore/api.ts';
import type { Clock } from '../ports/clock.ts';
import type { Random } from '../ports/random.ts';
import { EVENT_TYPES, type EventType, type ExtensionModule, type ModuleEvent, type ReadableAccount } from './module.ts';
import { checkedUrl, post, type PostOptions } from './post.ts';

export const WEBHOOK = 'webhook';
/** Of one account. */
export const MOST_WEBHOOKS = 10;
/** For all hooks of an account together. */
const DEADLINE_MS = 15_000;
const LANES = 32;
/** Of one request; more go in several. */
const MOST_EVENTS = 100;

export interface Webhook {
  readonly url: string;
  readonly events: readonly EventType[];
  readonly secret: string;
  /** Milliseconds since 1970. */
  readonly created: number;
  /** What happened up to this version it does not hear. */
  readonly since: number;
}

export interface WebhooksParts extends PostOptions {
  readonly clock: Clock;
}

export function webhooks(parts: WebhooksParts): ExtensionModule {
  return {
    name: 'webhooks',
    does: 'tells programs of a user, by HTTP, what happens in the account',
    events: EVENT_TYPES,
    scope: 'read',
    deadlineMs: DEADLINE_MS,
    lanes: LANES,
    wants: async (account) => (await account.records<Webhook>(WEBHOOK)).length > 0,
    async handle(events, { account, version }, signal) {
      const hooks = await account.records<Webhook>(WEBHOOK);
      const outcomes = await Promise.allSettled(
        hooks
          .filter(({ value }) => version > value.since)
          .map(({ id, value }) => tell(id, value, { account, events, version }, parts, signal)),
      );
      const failed = outcomes.find((outcome) => outcome.status === 'rejected');
      if (failed !== undefined) throw failed.reason;
    },
  };
}

interface News {
  readonly account: ReadableAccount;
  readonly events: readonly ModuleEvent[];
  readonly version: number;
}

async function tell(
  id: string,
  hook: Webhook,
  { account, events, version }: News,
  parts: WebhooksParts,
  signal: AbortSignal,
): Promise<void> {
  const wanted = events.filter(({ type }) => hook.events.includes(type));
  for (let i = 0; i < wanted.length; i += MOST_EVENTS) {
    const views = await Promise.all(wanted.slice(i, i + MOST_EVENTS).map((event) => eventView(account, event)));
    const body = Buffer.from(JSON.stringify({ webhook: id, version, events: views }));
    const headers = {
      'content-type': 'application/json',
      'user-agent': 'Pabal-Webhook',
      'pabal-signature': signature(hook.secret, body, parts.clock.now()),
    };
    const status = await post(checkedUrl(hook.url, parts), body, headers, parts, signal);
    if (status < 200 || status > 299) throw new Error(`the webhook ${id} was answered with ${status}`);
  }
}

export function signature(secret: string, body: Uint8Array, now: number): string {
  const at = Math.floor(now / 1000);
  const mac = createHmac('sha256', secret).update(`${at}.`).update(body).digest('hex');
  return `t=${at},v1=${mac}`;
}

/** Ids and flags as the API has them, and of a new mail who wrote it and what about. */
async function eventView(account: ReadableAccount, event: ModuleEvent): Promise<Record<string, unknown>> {
  const { id, type } = event;
  switch (event.type) {
    case 'message-added':
      return { id, type, message: { ...messageView(event.message), ...(await about(account, event.message)) } };
    case 'flags-changed':
      return { id, type, message: messageView(event.message) };
    case 'message-moved':
      return { id, type, from: String(event.from), message: messageView(event.message) };
    case 'message-deleted':
      return { id, type, message: { id: String(event.message), folder: String(event.folder) } };
    case 'folder-changed':
      return { id, type, folder: String(event.folder), what: event.what };
    case 'delivery-result':
      return { id, type, submission: event.submission };
    case 'login':
      return { id, type };
  }
}

function messageView({ id, folder, thread, flags, keywords }: MessageMeta): Record<string, unknown> {
  return {
    id: String(id),
    folder: String(folder),
    thread,
    read: (flags & Flag.seen) !== 0,
    flagged: (flags & Flag.flagged) !== 0,
    keywords,
  };
}

/** Nothing when it is gone by now. */
async function about(account: ReadableAccount, { id }: MessageMeta): Promise<Record<string, unknown>> {
  try {
    const { envelope, preview } = await account.details(id);
    const from = envelope.from.map(({ name, address }) => ({ name, address }));
    return { from, subject: envelope.subject, preview };
  } catch (error) {
    if (error instanceof MailError && error.code === 'message-missing') return {};
    throw error;
  }
}

/** A new hook, which hears what happens from now on. Throws `syntax`, `limit`. */
export async function addWebhook(
  account: MailAccount,
  wanted: Pick<Webhook, 'url' | 'events'>,
  {
    clock,
    random,
    privateAddresses,
  }: { readonly clock: Clock; readonly random: Random; readonly privateAddresses: boolean },
): Promise<Webhook & { readonly id: string }> {
  checkedUrl(wanted.url, { privateAddresses });
  if ((await account.records(WEBHOOK)).length >= MOST_WEBHOOKS)
    throw new MailError('limit', 'user', `an account has ${MOST_WEBHOOKS} webhooks at most`);
  const token = (bytes: number): string => Buffer.from(random.bytes(bytes)).toString('base64url');
  const id = token(9);
  const hook: Webhook = { ...wanted, secret: token(32), created: clock.now(), since: await account.refresh() };
  await account.putRecord(WEBHOOK, id, hook);
  return { id, ...hook };
}
