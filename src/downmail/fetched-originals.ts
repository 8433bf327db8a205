/**
 * What follows when an original was fetched: it is deleted at its sender, again and again until somebody answers; and a day later it is
 * fetched once more. A server that still has what it said it deleted is likely to be one that sends the same mail to many, and is
 * noted or put aside from then on.
 */
import { originalEntry } from '../delivery/entry.ts';
import type { RejectLists } from '../directory/reject-lists.ts';
import { ownRejects, putOwnRejects } from '../intake/own-rejects.ts';
import { MailError } from '../mail/error.ts';
import type { NotificationAccess } from '../mail/downmail/fields.ts';
import type { NotificationOrigin, ReadNotification } from '../mail/downmail/origin.ts';
import { domainOf } from '../mail/path.ts';
import type { EmailId, MailAccount } from '../mailstore/api.ts';
import type { Clock } from '../ports/clock.ts';
import type { Queue } from '../ports/queue.ts';
import type { Log } from '../telemetry/log.ts';
import type { FetchOriginal } from './fetch-original.ts';
import type { UndeletedHosts } from './undeleted-hosts.ts';

/** What is done about a server that keeps what it said it deleted: it is noted, or its mail goes to Junk from then on. */
export const UNDELETED_POLICIES = ['note', 'junk'] as const;
export type UndeletedPolicy = (typeof UNDELETED_POLICIES)[number];

/** Kept with an original until nothing is left to be done. In the commit by which it appears in the mailbox. */
interface FetchedOriginal {
  readonly access: NotificationAccess;
  readonly host: string;
  readonly author: string;
  readonly origin: NotificationOrigin;
  /** Since when its sender says that it is gone; or that he keeps it. */
  readonly answered?: number;
  readonly kept?: true;
  readonly tries: number;
}

/** What an account knows of a host that kept an original. */
export interface UndeletedOriginal {
  readonly host: string;
  readonly sender: string;
  /** Its sender said openly that it stays: so are mails to many kept. */
  readonly openly: boolean;
  readonly times: number;
  readonly first: number;
  readonly last: number;
  /** The sender was put on the account's reject list for it. */
  readonly listed: boolean;
}

export interface FetchedOriginalsParts {
  readonly fetch: Pick<FetchOriginal, 'isOurs' | 'remove' | 'again'>;
  readonly queue: Pick<Queue, 'add'>;
  readonly rejectLists: Pick<RejectLists, 'put'>;
  readonly hosts: Pick<UndeletedHosts, 'note'>;
  readonly clock: Pick<Clock, 'now'>;
  readonly log: Log;
  /** After which it is fetched again; 0: never. */
  readonly againMs: number;
  /** What the service does, once so many accounts have found it out. */
  readonly policy: UndeletedPolicy;
  readonly accounts: number;
}

export const FETCHED_KIND = 'fetched-original';
const UNDELETED_KIND = 'undeleted-original';
const SETTING = ['settings', 'undeleted-originals'] as const;
/** Longer than it takes to fetch one: by then it is there, or will never be. */
const FIRST_LOOK_MS = 10 * 60_000;
const LONGEST_PAUSE_MS = 86_400_000;
/** Attempts to fetch it again; who cannot be asked then is not judged. */
const MOST_TRIES = 5;
const MOST_HOSTS = 200;
const DEADLINE_MS = 120_000;

export class FetchedOriginals {
  readonly #parts: FetchedOriginalsParts;

  constructor(parts: FetchedOriginalsParts) {
    this.#parts = parts;
  }

  /** What is published with an original. */
  recordOf({ access, host, author, origin }: ReadNotification): { readonly kind: string; readonly value: unknown } {
    const value: FetchedOriginal = { access, host, author, origin, tries: 0 };
    return { kind: FETCHED_KIND, value };
  }

  /** An original is about to be published under this id: somebody looks after it from then on, whatever happens in between. */
  async expect(account: Pick<MailAccount, 'id'>, email: EmailId): Promise<void> {
    const { queue, clock } = this.#parts;
    await queue.add('outbound', [originalEntry(account.id, email, clock.now() + FIRST_LOOK_MS)]);
  }

  /** It is safe here: it is not needed at its sender any longer. When that cannot be said now, it is said later. */
  async remove(account: MailAccount, email: EmailId, signal: AbortSignal): Promise<void> {
    const original = await account.record<FetchedOriginal>(FETCHED_KIND, email);
    if (original === undefined || original.answered !== undefined) return;
    await this.#remove(account, email, original, signal);
  }

  /** Answers when to look again; undefined: nothing is left to be done. */
  async look(account: MailAccount, email: EmailId): Promise<number | undefined> {
    const original = await account.record<FetchedOriginal>(FETCHED_KIND, email);
    if (original === undefined) return undefined;
    const now = this.#parts.clock.now();
    const signal = AbortSignal.timeout(DEADLINE_MS);
    if (original.answered === undefined) {
      // What is not deleted by then is gone with its time.
      if (original.access.expires <= now) return this.#settled(account, email);
      return this.#remove(account, email, original, signal);
    }
    const due = original.answered + this.#parts.againMs;
    if (now < due) return due;
    return this.#again(account, email, original, signal);
  }

  async #remove(
    account: MailAccount,
    email: EmailId,
    original: FetchedOriginal,
    signal: AbortSignal,
  ): Promise<number | undefined> {
    const { fetch, clock, log, againMs } = this.#parts;
    const { access, origin, host, tries } = original;
    try {
      const outcome = await fetch.remove(access, signal);
      // A gateway is the recipient's own choice, and what is kept here needs no proof.
      const isJudged = againMs > 0 && (origin === 'proven' || origin === 'other-host') && !fetch.isOurs(access.link);
      if (!isJudged) return await this.#settled(account, email);
      const answered = clock.now();
      const kept = outcome === 'kept' ? { kept: true as const } : {};
      await account.putRecord(FETCHED_KIND, email, { ...original, answered, ...kept, tries: 0 });
      return answered + againMs;
    } catch (error) {
      log.info({ err: error, host }, 'an original that was fetched could not be deleted at its sender');
      return await this.#later(account, email, { ...original, tries: tries + 1 });
    }
  }

  async #again(
    account: MailAccount,
    email: EmailId,
    original: FetchedOriginal,
    signal: AbortSignal,
  ): Promise<number | undefined> {
    const { fetch, log } = this.#parts;
    const { access, host, tries } = original;
    let found: 'gone' | 'same' | 'other';
    try {
      found = await fetch.again(access, signal);
    } catch (error) {
      log.info({ err: error, host }, 'it could not be seen whether an original is still there');
      if (tries + 1 >= MOST_TRIES) return this.#settled(account, email);
      return this.#later(account, email, { ...original, tries: tries + 1 });
    }
    if (found !== 'same') return this.#settled(account, email);
    await this.#note(account, email, original);
    return undefined;
  }

  async #note(account: MailAccount, email: EmailId, { host, author, origin, kept }: FetchedOriginal): Promise<void> {
    const { clock, log, hosts, rejectLists, policy, accounts } = this.#parts;
    const at = clock.now();
    const openly = kept === true;
    // Who writes from a host that is not of his domain answers for himself alone.
    const sender = origin === 'proven' ? domainOf(author) : author;
    log.info({ host, sender, openly }, 'an original that was deleted can still be fetched');
    if (!openly) {
      const known = await hosts.note({ host, sender }, account.id, at);
      if (policy === 'junk' && known.accounts.length >= accounts)
        await listed(rejectLists.put('', { sender, action: 'junk' }));
    }
    const onList = !openly && (await undeletedPolicy(account)) === 'junk' && (await putAside(account, sender));
    const others = (await account.records<UndeletedOriginal>(UNDELETED_KIND)).toSorted(
      (a, b) => a.value.last - b.value.last,
    );
    const crowded = others.filter(({ id }) => id !== host).slice(0, Math.max(0, others.length - MOST_HOSTS));
    const key = { kind: UNDELETED_KIND, id: host };
    await account.changeRecords([key], (before) => {
      const known = before(key) as UndeletedOriginal | undefined;
      const value: UndeletedOriginal = {
        host,
        sender,
        openly,
        times: (known?.times ?? 0) + 1,
        first: known?.first ?? at,
        last: at,
        listed: onList || known?.listed === true,
      };
      return [
        { ...key, value },
        { kind: FETCHED_KIND, id: email, value: undefined },
        ...crowded.map(({ id }) => ({ kind: UNDELETED_KIND, id, value: undefined })),
      ];
    });
  }

  async #later(account: MailAccount, email: EmailId, original: FetchedOriginal): Promise<number> {
    await account.putRecord(FETCHED_KIND, email, original);
    return this.#parts.clock.now() + Math.min(LONGEST_PAUSE_MS, FIRST_LOOK_MS * 2 ** Math.min(original.tries, 20));
  }

  async #settled(account: MailAccount, email: EmailId): Promise<undefined> {
    await account.putRecord(FETCHED_KIND, email, undefined);
  }
}

/** The last ones first. */
export async function undeletedOriginals(account: Pick<MailAccount, 'records'>): Promise<readonly UndeletedOriginal[]> {
  const all = await account.records<UndeletedOriginal>(UNDELETED_KIND);
  return all.map(({ value }) => value).toSorted((a, b) => b.last - a.last);
}

/** Answers whether there was one. What was put on the reject list for it stays there. */
export async function forgetUndeleted(account: MailAccount, host: string): Promise<boolean> {
  if ((await account.record(UNDELETED_KIND, host)) === undefined) return false;
  await account.putRecord(UNDELETED_KIND, host, undefined);
  return true;
}

export async function undeletedPolicy(account: Pick<MailAccount, 'record'>): Promise<UndeletedPolicy> {
  return (await account.record<UndeletedPolicy>(...SETTING)) ?? 'note';
}

export async function putUndeletedPolicy(
  account: Pick<MailAccount, 'putRecord'>,
  policy: UndeletedPolicy,
): Promise<void> {
  await account.putRecord(...SETTING, policy);
}

async function putAside(account: MailAccount, sender: string): Promise<boolean> {
  const before = await ownRejects(account);
  if (before.some((one) => one.sender === sender)) return true;
  return listed(putOwnRejects(account, [...before, { sender, action: 'junk' }]));
}

/** A list that is full, or a name that cannot stand in one, changes nothing else. */
async function listed(put: Promise<unknown>): Promise<boolean> {
  try {
    await put;
    return true;
  } catch (error) {
    if (error instanceof MailError && error.kind === 'user') return false;
    throw error;
  }
}
