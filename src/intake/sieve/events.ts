/**
 * What happens to messages where a script is bound to their mailbox (RFC 6785): noted as a record in the very commit that does it, so
 * that the script runs on it whatever happens in between. Which script that is says an annotation of the mailbox, or else of the account.
 */
import type { FolderId, MailAccount, MessageMeta, MsgId } from '../../mailstore/api.ts';
import { Flag } from '../../mailstore/api.ts';
import { ANNOTATION, type AnnotationPlace, WHOLE_ACCOUNT } from '../../mailstore/annotations.ts';
import type { Cause, MessageChange, Note, Noting } from '../../mailstore/noting.ts';

/** The annotation whose value is the name of the script (§2.3.1). */
export const SCRIPT_ENTRY = '/shared/imapsieve/script';

/** Kind of the records; the id begins with the version of the operation. */
export const EVENT = 'sieve-event';

/** Messages in a record: some 40 bytes each, and a record has 64 KiB. */
const MOST_MESSAGES = 1_000;

export interface EventMessage {
  readonly id: MsgId;
  readonly folder: FolderId;
  /** `\Seen $work`; '' unless flags changed. */
  readonly flags: string;
}

export interface SieveEvent {
  readonly cause: Cause;
  /** Who signed in. */
  readonly user: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly script: string;
  readonly messages: readonly EventMessage[];
}

type Account = Pick<MailAccount, 'records'>;

/** The scripts that are bound, by folder; '' where nothing shall run. */
async function bindings(account: Account): Promise<ReadonlyMap<AnnotationPlace, string>> {
  const all = await account.records<string>(ANNOTATION);
  const bound = new Map<AnnotationPlace, string>();
  for (const { id, value } of all)
    if (id.endsWith(SCRIPT_ENTRY) && id.indexOf('/') === id.length - SCRIPT_ENTRY.length)
      bound.set(Number(id.slice(0, -SCRIPT_ENTRY.length)) as AnnotationPlace, Buffer.from(value, 'base64').toString());
  return bound;
}

/** Has anything to do with scripts on events: some are bound, or wait to be run. */
export async function hasEvents(account: Account): Promise<boolean> {
  return (await bindings(account)).size > 0 || (await account.records(EVENT)).length > 0;
}

/** For the handle of whoever signed in to IMAP. */
export class EventNoting implements Noting {
  readonly #user: string;
  readonly #now: () => number;

  constructor(user: string, now: () => number) {
    this.#user = user;
    this.#now = now;
  }

  async begin(account: MailAccount, cause: Cause): Promise<Note | undefined> {
    const bound = await bindings(account);
    if (bound.size === 0) return undefined;
    return (changes, version) => {
      const byScript = new Map<string, EventMessage[]>();
      for (const change of changes) {
        const { id, folder } = change.message;
        // An entry of the mailbox goes before that of the account, whatever it says.
        const script = bound.get(folder) ?? bound.get(WHOLE_ACCOUNT) ?? '';
        if (script === '') continue;
        const message = { id, folder, flags: cause === 'FLAG' ? changedFlags(change) : '' };
        byScript.getOrInsertComputed(script, () => []).push(message);
      }
      const at = this.#now();
      const events: SieveEvent[] = [];
      for (const [script, all] of byScript)
        for (let from = 0; from < all.length; from += MOST_MESSAGES)
          events.push({ cause, user: this.#user, at, script, messages: all.slice(from, from + MOST_MESSAGES) });
      return events.map((value, i) => ({ kind: EVENT, id: eventId(version, i), value }));
    };
  }
}

function eventId(version: number, part: number): string {
  return `${version}.${String(part).padStart(3, '0')}`;
}

/** What an operation left to be done, in its order. */
export async function eventsOf(
  account: Account,
  version: number,
): Promise<readonly { readonly id: string; readonly value: SieveEvent }[]> {
  const all = await account.records<SieveEvent>(EVENT);
  return all.filter(({ id }) => id.startsWith(`${version}.`)).toSorted((a, b) => (a.id < b.id ? -1 : 1));
}

const NAMES: readonly (readonly [bit: number, name: string])[] = [
  [Flag.seen, '\\Seen'],
  [Flag.answered, '\\Answered'],
  [Flag.flagged, '\\Flagged'],
  [Flag.deleted, '\\Deleted'],
  [Flag.draft, '\\Draft'],
];

export function flagNames({ flags, keywords }: Pick<MessageMeta, 'flags' | 'keywords'>): readonly string[] {
  return [...NAMES.filter(([bit]) => (flags & bit) !== 0).map(([, name]) => name), ...keywords];
}

function changedFlags({ before, message }: MessageChange): string {
  const old = new Set(before ? flagNames(before) : []);
  const now = new Set(flagNames(message));
  return [...old.symmetricDifference(now)].join(' ');
}
