/** What the log of an account says, and who hears of it. */
import type { AccountId, EmailId, FolderId, MessageMeta, MsgId, Uid } from './api.ts';
import type { Version } from '../ports/kv.ts';

/** What one operation changed. The log keeps these; replication, push, search and IMAP's tracker read them. */
export type Change =
  | { readonly type: 'added'; readonly message: MessageMeta }
  | {
      readonly type: 'removed';
      readonly id: MsgId;
      readonly folder: FolderId;
      readonly uid: Uid;
      readonly email: EmailId;
    }
  /** `message` as it is now; it left `from` (where it had `fromUid`). */
  | { readonly type: 'moved'; readonly from: FolderId; readonly fromUid: Uid; readonly message: MessageMeta }
  | { readonly type: 'flags'; readonly message: MessageMeta }
  | { readonly type: 'folder'; readonly id: FolderId; readonly what: 'created' | 'changed' | 'removed' }
  | { readonly type: 'subscription'; readonly path: string; readonly subscribed: boolean }
  | { readonly type: 'quota'; readonly limit: number | undefined }
  | { readonly type: 'record'; readonly kind: string; readonly id: string };

/** One operation: its version, its id and its changes. */
export interface VersionChanges {
  readonly version: Version;
  /** '' to a watcher on a node that was cut off for so long that the log no longer reached back: all that happened
   * meanwhile, as one. */
  readonly operation: string;
  readonly changes: readonly Change[];
}

/** Published with an `AccountChanged` after each commit that this node made for an account. */
export const ACCOUNT_CHANGED = 'account-changed';
export interface AccountChanged {
  readonly account: AccountId;
  /** What kinds of changes the commit brought. */
  readonly changes: readonly Change['type'][];
}
