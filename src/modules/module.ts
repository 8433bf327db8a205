/**
 * What an extension module is: it hears of what happens in accounts, at least once and in the order of each account, and may read or
 * change them as far as it was granted. It runs behind everything else: whatever it does, no mail waits for it.
 */
import type {
  AccountId,
  Change,
  EmailId,
  FolderId,
  MailAccount,
  MessageMeta,
  MsgId,
  VersionChanges,
} from '../mailstore/api.ts';
import type { SubmissionId } from '../mailstore/submission.ts';
import type { Log } from '../telemetry/log.ts';

export const EVENT_TYPES = [
  'message-added',
  'flags-changed',
  'message-moved',
  'message-deleted',
  'folder-changed',
  /** Somebody signed in. */
  'login',
  /** A mail that the user sends was taken, or something became of it. */
  'delivery-result',
] as const; // prettier-ignore
export type EventType = (typeof EVENT_TYPES)[number];

/** The change that an event tells of. */
export const CHANGE_OF: Readonly<Record<EventType, Change['type']>> = {
  'message-added': 'added',
  'flags-changed': 'flags',
  'message-moved': 'moved',
  'message-deleted': 'removed',
  'folder-changed': 'folder',
  login: 'record',
  'delivery-result': 'record',
};

export type ModuleEvent = {
  /** The same event has the same id when it comes again. */
  readonly id: string;
} & (
  | { readonly type: 'message-added' | 'flags-changed'; readonly message: MessageMeta }
  | { readonly type: 'message-moved'; readonly from: FolderId; readonly message: MessageMeta }
  | { readonly type: 'message-deleted'; readonly message: MsgId; readonly folder: FolderId; readonly email: EmailId }
  | {
      readonly type: 'folder-changed';
      readonly folder: FolderId;
      readonly what: 'created' | 'changed' | 'removed';
    }
  | { readonly type: 'login' }
  | { readonly type: 'delivery-result'; readonly submission: SubmissionId }
);

/** What every module may do. */
export type ReadableAccount = Pick<
  MailAccount,
  | 'id'
  | 'version'
  | 'changesSince'
  | 'folders'
  | 'folder'
  | 'folderAt'
  | 'folderWithRole'
  | 'meta'
  | 'getMessage'
  | 'details'
  | 'body'
  | 'getMessageIds'
  | 'record'
  | 'records'
>;

export interface ModuleContext {
  readonly account: ReadableAccount;
  /** The same account, for modules whose scope is `change`. */
  readonly change: MailAccount | undefined;
  /** Of the operation that the events are about; of several the last one's. */
  readonly version: number;
  readonly log: Log;
}

export interface ExtensionModule {
  /** Names its cursors, in operators' words and for ever: a-z, 0-9 and '-', at most 40. */
  readonly name: string;
  /** In a line, for operators. */
  readonly does: string;
  readonly events: readonly EventType[];
  readonly scope: 'read' | 'change';
  /** For one operation; default 30 s. */
  readonly deadlineMs?: number;
  /** Milliseconds: what comes in so long is given to it together; default 500. */
  readonly gatherMs?: number;
  /** Accounts at work at once; default 8. More for one that only waits for others. */
  readonly lanes?: number;
  /** Operations whose events it may be given in one call, when so many wait; default 1. After a failure they come one by one. */
  readonly together?: number;
  /** Whether it has anything to do in this account; default yes. Of one where it has not, it hears nothing. */
  wants?(account: ReadableAccount): Promise<boolean>;
  /**
   * All events of one operation (or of some, see `together`) that it subscribed to. It resolves when they are dealt with; when it throws, or takes too long, they come again, and after
   * the last attempt they become a dead letter, and the next ones come.
   */
  handle(events: readonly ModuleEvent[], context: ModuleContext, signal: AbortSignal): Promise<void>;
}

/** A module as an operator reads it. */
export type ModuleFacts = Pick<ExtensionModule, 'name' | 'does' | 'events' | 'scope'>;

/** Kind of the record that a sign-in leaves in the log. */
export const SIGN_IN = 'sign-in';

export function eventsOf(
  account: AccountId,
  { version, changes }: VersionChanges,
  types: readonly EventType[],
): ModuleEvent[] {
  const events: ModuleEvent[] = [];
  for (const [i, change] of changes.entries()) {
    const event = eventOf(`${account}.${version}.${i}`, change);
    if (event !== undefined && types.includes(event.type)) events.push(event);
  }
  return events;
}

function eventOf(id: string, change: Change): ModuleEvent | undefined {
  switch (change.type) {
    case 'added':
      return { id, type: 'message-added', message: change.message };
    case 'flags':
      return { id, type: 'flags-changed', message: change.message };
    case 'moved':
      return { id, type: 'message-moved', from: change.from, message: change.message };
    case 'removed':
      return { id, type: 'message-deleted', message: change.id, folder: change.folder, email: change.email };
    case 'folder':
      return { id, type: 'folder-changed', folder: change.id, what: change.what };
    case 'record':
      if (change.kind === SIGN_IN) return { id, type: 'login' };
      if (change.kind === 'submission') return { id, type: 'delivery-result', submission: change.id as SubmissionId };
      return undefined;
    default:
      return undefined;
  }
}

/** Only what a module with the scope `read` may do: it cannot reach more. */
export function readable(account: MailAccount): ReadableAccount {
  return {
    id: account.id,
    get version() {
      return account.version;
    },
    changesSince: (version) => account.changesSince(version),
    folders: () => account.folders(),
    folder: (id) => account.folder(id),
    folderAt: (path) => account.folderAt(path),
    folderWithRole: (role) => account.folderWithRole(role),
    meta: (id) => account.meta(id),
    getMessage: (id) => account.getMessage(id),
    details: (id) => account.details(id),
    body: (id, details) => account.body(id, details),
    getMessageIds: (query) => account.getMessageIds(query),
    record: (kind, id) => account.record(kind, id),
    records: (kind) => account.records(kind),
  };
}
