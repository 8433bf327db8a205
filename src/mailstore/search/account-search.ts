/**
 * The search index of one account. Segments in the store hold every message up to an id; level 0, in memory, what came after.
 * Message ids ascend in the order of the log, so "after that id" is the tail of the log, and needs none of its rows: what
 * was expunged meanwhile is not there to be indexed, and what was moved or flagged does not matter.
 *
 * Nobody waits for it: it works when enough has come to be written as a segment, when it is told to follow, and when somebody searches.
 */
import { MailError } from '../../mail/error.ts';
import type { AccountId } from '../api.ts';
import type { Operation } from '../commit.ts';
import type { Node } from '../mailbox.ts';
import type { MailboxIndex } from '../mailbox-index.ts';
import { chooseMerge, FAN_OUT } from './choose-merge.ts';
import { NO_MANIFEST, type SearchManifest } from './manifest.ts';
import { NewestFirst } from './newest.ts';
import type { MessageName } from './input.ts';
import { buildPiece, newSegmentId } from './piece.ts';
import type { Segment } from './reader.ts';
import { RecentPieces } from './recent.ts';
import { DocFlag, type RowSource, type SegmentFacts } from './segment.ts';
import { isDoneSoon } from './soon.ts';
import { ReplacedSegments } from './replaced.ts';
import { writeRows } from './rows.ts';
import { isDamaged, StoredSegments } from './stored-segments.ts';
import type { Row } from './work.ts';

const MOST_CONFLICTS = 10;

export class AccountSearch {
  readonly account: AccountId;
  readonly #node: Node;
  readonly #index: () => MailboxIndex;
  readonly #stored: StoredSegments;
  readonly #recent = new RecentPieces();
  readonly #newest = new NewestFirst();
  /** Every message up to this id is in a segment or in level 0. */
  #upTo = 0;
  #turn: Promise<unknown> = Promise.resolve();
  #catchingUp: Promise<void> | undefined;
  #following: Promise<void> | undefined;
  /** Those who wait for `catchUp` and for no budget. */
  #hurries = 0;
  #merging: Promise<void> | undefined;
  readonly #replaced: ReplacedSegments;
  readonly #inBackground: (work: Promise<unknown>) => void;
  readonly #ending = new AbortController();
  /** Messages of which nothing could be indexed. */
  skipped = 0;

  constructor(
    node: Node,
    account: AccountId,
    index: () => MailboxIndex,
    run: <T>(operation: Operation<T>) => Promise<T>,
    inBackground: (work: Promise<unknown>) => void,
  ) {
    this.#node = node;
    this.account = account;
    this.#index = index;
    this.#stored = new StoredSegments(node, account, run, (before) => this.#fit(before));
    this.#inBackground = inBackground;
    this.#replaced = new ReplacedSegments((segment) => this.#stored.drop(segment), inBackground);
  }

  /** Memory, roughly; rows of the store are in the node's cache. */
  get bytes(): number {
    return this.#recent.bytes + this.#newest.bytes;
  }

  /** In order of ids. Level 0 comes last. After the last message in them nothing is. */
  get segments(): readonly Segment[] {
    return [...this.#stored.segments, ...this.#recent.segments];
  }

  /** Also what is searched before the index has got there: between those and the others messages are missing. */
  get allSegments(): readonly Segment[] {
    return [...this.segments, ...this.#newest.after(this.#upTo)];
  }

  /** Has enough come to be worth the work? Cheap. */
  get isBehind(): boolean {
    return !this.#catchingUp && !this.#closed && this.#index().facts.nextMessage - 1 - this.#upTo >= this.#flushDocs;
  }

  get #flushDocs(): number {
    return this.#node.tuning.searchFlush;
  }

  close(): void {
    this.#ending.abort();
  }

  get #closed(): boolean {
    return this.#ending.signal.aborted;
  }

  /** Messages after what is indexed. */
  get behind(): number {
    return this.#index().table.countAfter(this.#upTo);
  }

  /** Indexes all that has come, behind everybody's back, and merges what is worth it: as fast as the account's budget has it, or at once. */
  async catchUp(pace: 'budget' | 'at-once' = 'budget'): Promise<void> {
    if (pace === 'at-once') this.#hurries++;
    try {
      while (this.#catchingUp) await this.#catchingUp;
      this.#catchingUp = this.#indexAll().finally(() => (this.#catchingUp = undefined));
      await this.#catchingUp;
    } finally {
      if (pace === 'at-once') this.#hurries--;
    }
  }

  async #indexAll(): Promise<void> {
    for (let done = -1; done !== 0; ) {
      await this.#affordable();
      if (this.#closed) break;
      // A turn for each piece: whoever searches meanwhile comes between two of them.
      done = await this.#inTurn(async () => {
        await this.#stored.load();
        return this.#indexNext(Number.POSITIVE_INFINITY, false);
      });
      await this.merged();
    }
    await this.#inTurn(async () => {
      if (this.#recent.isOld(this.#node.clock.now()) && this.#recent.isWorthWriting()) await this.#flush();
    });
  }

  /** Until the account has time for indexing again, or there is nothing to be done any more. */
  async #affordable(): Promise<void> {
    const wait = this.#hurries > 0 || this.behind === 0 ? 0 : this.#node.search.indexing.wait(this.account);
    if (wait > 0) await this.#node.clock.sleep(wait, this.#ending.signal).catch(() => undefined);
  }

  /** What waits becomes a segment of the store, if it is worth one; a restart then costs nobody anything. Goes on behind everybody's back
   * when it takes long. */
  async follow(): Promise<void> {
    if (!this.#stored.isLoaded) await this.#inTurn(() => this.#stored.load());
    if (!this.#recent.isWorthWriting(this.behind)) return;
    this.#following ??= this.#followAll().finally(() => (this.#following = undefined));
    const work = this.#following;
    if (!(await isDoneSoon(this.#node.clock, work))) this.#inBackground(work);
  }

  async #followAll(): Promise<void> {
    await this.catchUp();
    await this.#inTurn(async () => {
      await this.#stored.load();
      if (this.#recent.isWorthWriting()) await this.#flush();
    });
    await this.merged();
  }

  /**
   * For somebody who searches: sees what other nodes have done, and indexes what has come, but not very much: where there is more,
   * the oldest, or the newest of the last days. Answers how many are in none of `allSegments`: also when this takes too long,
   * and then it goes on without anybody waiting.
   */
  async catchUpNow(first: 'oldest' | 'newest'): Promise<number> {
    const most = this.#node.tuning.searchFirst;
    // Without the manifest nothing would be found.
    if (!this.#stored.isLoaded) await this.#inTurn(() => this.#stored.load());
    // Nothing to wait for: what is indexed meanwhile is older.
    if (first === 'newest' && this.#isNewestThere(most)) return this.#goOn();
    const work = this.#inTurn(async () => {
      await this.#stored.load();
      if (first === 'newest' && this.behind > most && (await this.#indexNewest(most))) return;
      for (let left = most; left > 0 && !this.#closed; ) {
        const done = await this.#indexNext(left, true);
        if (done === 0) break;
        left -= done;
      }
    });
    if (!(await isDoneSoon(this.#node.clock, work))) this.#inBackground(work);
    return this.#goOn();
  }

  #isNewestThere(most: number): boolean {
    const isFar = this.behind > most && this.#newest.after(this.#upTo).length > 0;
    return isFar && this.#missingNewest(most).length === 0;
  }

  /** What was searched in advance is no reason to leave the rest. Answers how many messages are in none of `allSegments`. */
  #goOn(): number {
    if (this.#newest.first < Number.POSITIVE_INFINITY && this.isBehind) this.#inBackground(this.catchUp());
    return this.behind - this.#newest.count(this.#index().table, this.#upTo);
  }

  /** Merges that are under way. */
  async merged(): Promise<void> {
    while (this.#merging) await this.#merging;
  }

  /** Did somebody else change the index since it was read? */
  isStale(): Promise<boolean> {
    return this.#stored.isStale();
  }

  /** Forgets the whole index; the next `catchUp` makes it anew. */
  reset(): Promise<void> {
    return this.#inTurn(async () => {
      for (let attempt = 1; ; attempt++) {
        const readable = await this.#stored.load().then(
          () => true,
          (error: unknown) => {
            if (isDamaged(error)) return false;
            throw error;
          },
        );
        // What an unreadable manifest named is collected by the sweep.
        const before = readable ? this.#stored.manifest.segments : [];
        if (await this.#stored.commit(NO_MANIFEST, readable ? 'as-read' : 'unreadable')) {
          this.#recent.clear();
          this.#newest.clear();
          this.#upTo = 0;
          this.skipped = 0;
          for (const segment of before) await this.#stored.drop(segment);
          return;
        }
        if (attempt === MOST_CONFLICTS) throw this.#busy();
      }
    });
  }

  /** Writes what is in memory, and merges what is worth it: as a rebuild ends. */
  async settle(): Promise<void> {
    await this.#inTurn(async () => {
      await this.#stored.load();
      if (!this.#recent.isEmpty) await this.#flush();
    });
    await this.merged();
  }

  /** Drops what a crash left behind: segments begun before `time` that the manifest does not name. */
  sweep(time: number): Promise<void> {
    return this.#stored.sweep(time);
  }

  get facts(): { readonly segments: number; readonly messages: number; readonly bytes: number } {
    const all = this.segments.map(({ facts }) => facts);
    const sum = (of: (facts: SegmentFacts) => number): number => all.reduce((total, facts) => total + of(facts), 0);
    return { segments: all.length, messages: sum(({ docs }) => docs), bytes: sum(({ bytes }) => bytes) };
  }

  async #inTurn<T>(act: () => Promise<T>): Promise<T> {
    const mine = this.#turn.then(act, act);
    this.#turn = mine.catch(() => undefined);
    return mine;
  }

  /** Another node's segments may hold what is in memory here, or no longer reach up to it. */
  #fit(before: SearchManifest): void {
    const { upTo } = this.#stored.manifest;
    const recent = this.#recent.segments;
    const after = recent.filter(({ facts }) => facts.first > upTo).length;
    if (upTo === before.upTo && after === recent.length) return;
    if (upTo < before.upTo || after < recent.length) this.#recent.clear();
    if (this.#recent.isEmpty) this.#upTo = upTo;
  }

  /** Messages of the next piece: those that fill level 0, or, when very much has come, a segment that spares the first merge. */
  get #nextCount(): number {
    const large = FAN_OUT * this.#flushDocs;
    if (this.#recent.isEmpty && this.behind >= large) return large;
    return Math.max(1, this.#flushDocs - this.#recent.docs);
  }

  /** Indexes the next messages; answers how many. */
  async #indexNext(most: number, urgent: boolean): Promise<number> {
    const { table } = this.#index();
    const next = table.after(this.#upTo, Math.min(most, this.#nextCount));
    // What is searched in advance begins a piece of its own, so that the others are there first.
    const before = next.filter(({ id }) => id < this.#newest.first);
    const names = before.length > 0 ? before : next;
    if (names.length === 0) {
      // What came and went is behind us, too.
      this.#upTo = Math.max(this.#upTo, this.#index().facts.nextMessage - 1);
      return 0;
    }
    const { piece, count } = await buildPiece(this.#node, this.account, names, urgent);
    const { segment } = piece;
    for (const flags of (await segment.docs()).flags) if (flags & DocFlag.skipped) this.skipped++;
    this.#recent.add(piece, this.#node.clock.now());
    this.#upTo = names[count - 1]!.id;
    if (this.#upTo >= this.#newest.first) this.#newest.clear();
    if (this.#recent.docs >= this.#flushDocs || this.#recent.isLarge) await this.#flush();
    else if (this.#recent.isInManyPieces) await this.#recent.join(this.#merge);
    return count;
  }

  /** Indexes what came last; false when there is nothing, or all of that is indexed. */
  async #indexNewest(most: number): Promise<boolean> {
    let names = this.#missingNewest(most);
    if (names.length > 0 && this.#newest.isFull) {
      this.#newest.clear();
      names = this.#missingNewest(most);
    }
    if (names.length > 0) {
      const { piece, count } = await buildPiece(this.#node, this.account, names, true);
      this.#newest.add(piece, names.slice(0, count));
    }
    return this.#newest.after(this.#upTo).length > 0;
  }

  #missingNewest(most: number): readonly MessageName[] {
    return this.#newest.missing(this.#index().table, this.#upTo, this.#node.clock.now(), most);
  }

  /** Level 0 becomes a segment in the store. */
  async #flush(): Promise<void> {
    const recent = await this.#recent.join(this.#merge);
    const { manifest } = this.#stored;
    if (recent) await writeRows(this.#node.kv, this.account, recent.segment.facts.id, [...recent.rows.entries()]);
    const segments = recent ? [...manifest.segments, recent.segment.facts] : manifest.segments;
    const applied = await this.#stored.commit({ upTo: this.#upTo, segments });
    if (!applied) {
      if (recent) await this.#stored.drop(recent.segment.facts);
      await this.#stored.load();
      return;
    }
    this.#recent.clear();
    this.#mergeLater();
  }

  /** Beside everything else: nobody who searches or is indexed waits for a merge. */
  #mergeLater(): void {
    if (this.#merging || this.#closed || !this.#toMerge()) return;
    this.#merging = this.#mergeWhatIsWorthIt()
      .catch(async (error: unknown) => {
        if (!isDamaged(error) || (await this.isStale())) throw error;
        await this.reset();
      })
      .finally(() => (this.#merging = undefined));
    this.#inBackground(this.#merging);
  }

  async #mergeWhatIsWorthIt(): Promise<void> {
    for (let chosen = this.#toMerge(); chosen && !this.#closed; chosen = this.#toMerge()) {
      const parts = this.#stored.manifest.segments.slice(chosen.from, chosen.to);
      const made = await this.#merge(
        parts,
        parts.map((part) => this.#stored.rowsOf(part.id)),
        (rows, segment) => writeRows(this.#node.kv, this.account, segment, rows),
      );
      if (!(await this.#inTurn(() => this.#replace(parts, made)))) return;
    }
  }

  /** These segments, by the one that was made of them. False when somebody else changed the index meanwhile. */
  async #replace(parts: readonly SegmentFacts[], made: SegmentFacts | undefined): Promise<boolean> {
    await this.#stored.load();
    const { upTo, segments } = this.#stored.manifest;
    const from = segments.findIndex(({ id }) => id === parts[0]!.id);
    const there = from >= 0 && parts.every(({ id }, i) => segments[from + i]?.id === id);
    const next = segments.toSpliced(from, parts.length, ...(made ? [made] : []));
    if (!there || !(await this.#stored.commit({ upTo, segments: next }))) {
      if (made) await this.#stored.drop(made);
      await this.#stored.load();
      return false;
    }
    await this.#replaced.add(parts);
    return true;
  }

  /** Until the answer is disposed of, no segment goes that is there now. */
  reading(): Disposable {
    return this.#replaced.reading();
  }

  #toMerge(): ReturnType<typeof chooseMerge> {
    return chooseMerge(this.#stored.manifest.segments, this.#index().table, this.#flushDocs);
  }

  readonly #merge = async (
    parts: readonly SegmentFacts[],
    sources: readonly RowSource[],
    take: (rows: readonly Row[], segment: string) => Promise<void>,
  ): Promise<SegmentFacts | undefined> => {
    const segment = newSegmentId(this.#node);
    const alive = this.#index().table.between(parts[0]!.first, parts.at(-1)!.last);
    return this.#node.search.work.merge({ segment, parts, alive }, sources, (rows) => take(rows, segment), {
      spent: (ms) => this.#node.search.indexing.charge(this.account, ms),
    });
  };

  #busy(): MailError {
    return new MailError('busy', 'temporary', `account ${this.account}: others change its index all the time`);
  }
}
