/** What the store has of an account's search index: the manifest, and the segments that it names. */
import { MailError } from '../../mail/error.ts';
import { Damaged } from '../../ports/kv.ts';
import type { AccountId } from '../api.ts';
import type { Operation } from '../commit.ts';
import type { Node } from '../mailbox.ts';
import {
  decodeManifest,
  NO_MANIFEST,
  putManifest,
  readManifestRow,
  sameBytes,
  type SearchManifest,
} from './manifest.ts';
import { Segment } from './reader.ts';
import { dropSegment, dropUnnamed, StoredRows } from './rows.ts';
import type { RowSource, SegmentFacts } from './segment.ts';

export class StoredSegments {
  readonly #node: Node;
  readonly #account: AccountId;
  readonly #run: <T>(operation: Operation<T>) => Promise<T>;
  readonly #onShown: (before: SearchManifest) => void;
  #row: Uint8Array | undefined;
  #manifest: SearchManifest | undefined;
  #segments: readonly Segment[] = [];

  /** `onShown` is called in the same turn in which the segments become others: who searches sees both or neither. */
  constructor(
    node: Node,
    account: AccountId,
    run: <T>(operation: Operation<T>) => Promise<T>,
    onShown: (before: SearchManifest) => void,
  ) {
    this.#node = node;
    this.#account = account;
    this.#run = run;
    this.#onShown = onShown;
  }

  get isLoaded(): boolean {
    return this.#manifest !== undefined;
  }

  /** As it was read or written last. */
  get manifest(): SearchManifest {
    return this.#manifest ?? NO_MANIFEST;
  }

  /** In order of ids. */
  get segments(): readonly Segment[] {
    return this.#segments;
  }

  rowsOf(segment: string): RowSource {
    return new StoredRows(this.#node.kv, this.#account, segment, this.#node.search.cache);
  }

  async load(): Promise<void> {
    const row = await readManifestRow(this.#node.kv, this.#account);
    if (this.#manifest && sameBytes(row, this.#row)) return;
    this.#show(row);
  }

  /** False when somebody else changed the manifest meanwhile. `unreadable`: whatever was there. */
  async commit(manifest: SearchManifest, before: 'as-read' | 'unreadable' = 'as-read'): Promise<boolean> {
    try {
      this.#show(await this.#run(putManifest(before === 'as-read' ? this.#row : before, manifest)));
      return true;
    } catch (error) {
      if (error instanceof MailError && error.code === 'conflict') return false;
      throw error;
    }
  }

  /** Did somebody else change the manifest since it was read? */
  async isStale(): Promise<boolean> {
    try {
      return !sameBytes(await readManifestRow(this.#node.kv, this.#account), this.#row);
    } catch (error) {
      if (isDamaged(error)) return false;
      throw error;
    }
  }

  drop(segment: SegmentFacts): Promise<void> {
    return dropSegment(this.#node.kv, this.#account, segment);
  }

  /** Drops what a crash left behind: segments begun before `time` that the manifest does not name. */
  async sweep(time: number): Promise<void> {
    const { segments } = decodeManifest(await readManifestRow(this.#node.kv, this.#account));
    await dropUnnamed(this.#node.kv, this.#account, new Set(segments.map(({ id }) => id)), time);
  }

  #show(row: Uint8Array | undefined): void {
    const before = this.manifest;
    this.#row = row;
    this.#manifest = decodeManifest(row);
    const known = new Map(this.#segments.map((segment) => [segment.facts.id, segment]));
    this.#segments = this.#manifest.segments.map(
      (facts) => known.get(facts.id) ?? new Segment(facts, this.rowsOf(facts.id)),
    );
    this.#onShown(before);
  }
}

/** A row is missing or damaged: of a segment that was merged meanwhile, or in truth. */
export const isDamaged = (error: unknown): boolean =>
  error instanceof Damaged || (error instanceof MailError && error.code === 'damaged');
