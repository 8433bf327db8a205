/**
 * A short message to a telephone or pager for mail that arrives in INBOX (B-04, D-36), through the HTTP gateway that the operator names. What
 * the gateway wants to read is a template; nothing that a mail holds can leave its place in it.
 */
import { MailError } from '../mail/error.ts';
import type { MessageMeta } from '../mailstore/api.ts';
import type { Cache } from '../ports/cache.ts';
import type { Clock } from '../ports/clock.ts';
import type { ExtensionModule, ReadableAccount } from './module.ts';
import { checkedUrl, post, type PostOptions } from './post.ts';

export const PAGER = { kind: 'setting', id: 'pager' } as const;

/** What an account has set; absent: nobody is paged. */
export interface PagerSetting {
  /** As the gateway names telephones. */
  readonly to: string;
  /** For whose mail: of everybody, or of these addresses and domains. */
  readonly senders: 'everybody' | readonly string[];
  /** Mail that came up to this version of the account is no news. */
  readonly since: number;
}

export interface PagerParts extends PostOptions {
  readonly clock: Clock;
  readonly cache: Cache;
  readonly gateway: {
    readonly url: string;
    /** How values are written into the template. */
    readonly format: 'json' | 'form';
    /** With `{to}` and `{text}`. */
    readonly template: string;
    /** '' without. */
    readonly authorization: string;
  };
  /** Messages an hour for each account. */
  readonly perHour: number;
}

const TEXT = 160;
const HOUR = 3_600_000;
/** Mail that came longer ago is no news. */
const NEWS_MS = HOUR;

export function pager(parts: PagerParts): ExtensionModule {
  return {
    name: 'pager',
    does: 'sends a short message to a telephone for mail that arrives',
    events: ['message-added'],
    scope: 'read',
    wants: async (account) => (await account.record(PAGER.kind, PAGER.id)) !== undefined,
    async handle(events, { account, version, log }, signal) {
      const setting = await account.record<PagerSetting>(PAGER.kind, PAGER.id);
      if (setting === undefined || version <= setting.since) return;
      for (const event of events) {
        if (event.type !== 'message-added' || !isNews(account, event.message, parts.clock.now())) continue;
        const text = await textOf(account, event.message, setting);
        if (text === undefined) continue;
        if ((await parts.cache.increment(`pager ${account.id}`, 1, HOUR)) > parts.perHour) {
          log.info({ account: account.id }, 'nobody was paged: there were too many');
          continue;
        }
        await page(parts, setting.to, text, signal);
      }
    },
  };
}

function isNews(account: ReadableAccount, { folder, internalDate }: MessageMeta, now: number): boolean {
  return account.folder(folder)?.role === 'inbox' && now - internalDate < NEWS_MS;
}

/** Undefined when it is gone, or of nobody who counts. */
async function textOf(
  account: ReadableAccount,
  { id }: MessageMeta,
  { senders }: PagerSetting,
): Promise<string | undefined> {
  try {
    const { envelope } = await account.details(id);
    const [author] = envelope.from;
    const address = author?.address.toLowerCase() ?? '';
    if (senders !== 'everybody' && !senders.some((one) => address === one || address.endsWith(`@${one}`)))
      return undefined;
    const words = `${author?.name || address}: ${envelope.subject}`.replace(/\s+/g, ' ');
    return Array.from(words).slice(0, TEXT).join('');
  } catch (error) {
    if (error instanceof MailError && error.code === 'message-missing') return undefined;
    throw error;
  }
}

async function page({ gateway, ...options }: PagerParts, to: string, text: string, signal: AbortSignal): Promise<void> {
  const { url, format, template, authorization } = gateway;
  const body = Buffer.from(filled(template, format, { to, text }));
  const headers = {
    'content-type': format === 'json' ? 'application/json' : 'application/x-www-form-urlencoded',
    ...(authorization !== '' && { authorization }),
  };
  // The operator's own gateway may be anywhere.
  const anywhere = { ...options, privateAddresses: true };
  const status = await post(checkedUrl(url, anywhere), body, headers, anywhere, signal);
  if (status < 200 || status > 299) throw new Error(`the pager's gateway answers ${status}`);
}

export function filled(template: string, format: 'json' | 'form', values: { to: string; text: string }): string {
  const written = (value: string): string =>
    format === 'json' ? JSON.stringify(value).slice(1, -1) : encodeURIComponent(value.toWellFormed());
  return template.replace(/\{(to|text)\}/g, (_all, name: 'to' | 'text') => written(values[name]));
}
