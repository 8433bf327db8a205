/** The folder that a session has selected: its tracker, and how news of it are told. */
import type { Folder, FolderId, MailAccount, VersionChanges } from '../../mailstore/api.ts';
import { permittedFlags } from '../../mailstore/guard.ts';
import { may, type Right, RIGHTS } from '../../mailstore/rights.ts';
import type { Session } from './session.ts';
import { Tracker } from './tracker.ts';
import { writeVanished } from './vanished.ts';
import { formatFlags } from './wire/flag.ts';
import { beginRow, endRow, writeIndexItems } from './fetch/index-row.ts';
import { writeRows } from './fetch/rows.ts';
import { type FetchItem, type IndexItem, unsolicited } from './wire/fetch-item.ts';
import {
  SAVED,
  type SequenceSet,
  type Spans,
  spansOfNumbers,
  spansOfNumbersThatExist,
  spansOfSaved,
  spansOfUids,
} from './wire/sequence-set.ts';

/** The system flags that there are. */
const ALL_FLAGS = 0x1f;
/** Lines between two looks at the clock. */
const ROWS = 64;

/** What is told of the selected mailbox. */
export interface SelectedEvents {
  readonly messages: boolean;
  readonly flags: boolean;
  /** Also between two commands that messages are gone. */
  readonly immediate: boolean;
  /** Of each new message. */
  readonly items: readonly FetchItem[];
}

/** Without NOTIFY. */
export const ALL_EVENTS: SelectedEvents = { messages: true, flags: true, immediate: false, items: [] };

export class Selected implements Disposable {
  readonly folder: FolderId;
  readonly readOnly: boolean;
  readonly tracker: Tracker;
  /** Whose folder it is: one's own, or somebody's who shares it. */
  readonly account: MailAccount;
  #watch: Disposable | undefined;
  #keywords = 0;
  /** UIDs that `$` names, ascending (RFC 5182). */
  #saved = new Uint32Array(0);

  constructor(account: MailAccount, folder: Folder, readOnly: boolean) {
    this.account = account;
    this.folder = folder.id;
    this.readOnly = readOnly;
    this.tracker = new Tracker(account.view(folder.id));
  }

  listen(noted: (changes: VersionChanges) => void): void {
    this.#watch = this.account.watch(noted);
  }

  /** Positions, ascending, that `$` is to name. */
  save(positions: readonly number[]): void {
    const { uids } = this.tracker.view;
    this.#saved = Uint32Array.from(positions, (at) => uids[at] as number);
  }

  /** Positions that a command's set names; a number that no message has is `refused`, or names nothing. */
  spans(set: SequenceSet, by: 'uid' | 'number' | 'number-that-exists'): Spans {
    const { view } = this.tracker;
    if (set === SAVED) return spansOfSaved(this.#saved, view);
    if (by === 'uid') return spansOfUids(set, view);
    return by === 'number' ? spansOfNumbers(set, view) : spansOfNumbersThatExist(set, view);
  }

  /** Untagged FLAGS and PERMANENTFLAGS (RFC 3501 §7.2.6), at SELECT and when a keyword is new in the folder. */
  tellFlags(session: Session): void {
    const keywords = this.account.keywords(this.folder);
    this.#keywords = keywords.length;
    session.out.line(`* FLAGS (${formatFlags(ALL_FLAGS, keywords)})`);
    session.out.line(`* OK [PERMANENTFLAGS (${this.#permanent(keywords)})] Flags that are kept`);
  }

  #permanent(keywords: readonly string[]): string {
    const rights = this.readOnly ? '' : (this.account.folder(this.folder)?.rights ?? RIGHTS);
    const write = rights.includes('w');
    return `${formatFlags(permittedFlags(rights), write ? keywords : [])}${write ? ' \\*' : ''}`;
  }

  may(right: Right): boolean {
    const folder = this.account.folder(this.folder);
    return folder !== undefined && may(folder, right);
  }

  /** False once it was deleted, or is not shared any more. */
  get readable(): boolean {
    return !this.tracker.folderGone && this.may('r');
  }

  /** Tells what changed; false when the folder is no more. */
  async tell(session: Session, expunges: boolean, { flags, items }: SelectedEvents): Promise<boolean> {
    if (!this.readable) return false;
    const before = this.tracker.view.length;
    const news = this.tracker.take(this.account.view(this.folder), expunges);
    const { out } = session;
    out.begin();
    if (session.uidOnly || session.enabled.has('QRESYNC')) await writeVanished(out, news.vanished);
    else
      for (const [i, at] of news.expunged.entries()) {
        if (i % ROWS === 0 && out.mustPause()) await out.pause();
        out.line(`* ${at + 1} EXPUNGE`);
      }
    if (news.exists !== undefined) {
      this.tellExists(session, news.exists);
      const from = before - news.expunged.length;
      if (items.length > 0) await writeRows(session, [[from, news.exists]], unsolicited(items, session));
    }
    if (flags && news.flags.length > 0) await this.#tellFlagsOf(session, news.flags);
    return true;
  }

  /** IMAP4rev2 knows nothing recent (RFC 9051 appendix E). */
  tellExists({ out, rev2 }: Session, messages: number): void {
    out.line(`* ${messages} EXISTS`);
    if (!rev2) out.line('* 0 RECENT');
  }

  /** `* n FETCH (UID u FLAGS (...) MODSEQ (m))` for each of these positions. */
  async #tellFlagsOf(session: Session, positions: readonly number[]): Promise<void> {
    this.tellNewKeywords(session);
    const { view } = this.tracker;
    const { out } = session;
    const items: IndexItem[] = ['UID', 'FLAGS'];
    if (session.enabled.has('CONDSTORE')) items.push('MODSEQ');
    for (const [i, at] of positions.entries()) {
      if (i % ROWS === 0 && out.mustPause()) await out.pause();
      // Gone while a slow reader was waited for: its EXPUNGE is next.
      if (view.flagsAt(at) < 0) continue;
      beginRow(out, view, at);
      writeIndexItems(out, view, at, items);
      endRow(out);
    }
  }

  /** A client must know a flag before it sees it on a message. */
  tellNewKeywords(session: Session): void {
    if (this.account.keywords(this.folder).length !== this.#keywords) this.tellFlags(session);
  }

  [Symbol.dispose](): void {
    this.#watch?.[Symbol.dispose]();
  }
}
