/** Mail that its user has put off. */
import type { Clock } from '../ports/clock.ts';
import type { FolderId, MsgId } from './api.ts';
import type { Operation } from './commit.ts';
import { inParts } from './operations/parts.ts';
import { comeBack, putOff } from './operations/snooze.ts';

/** Kind of the records; the id is that of the message. */
export const SNOOZED = 'snoozed';

/** What is remembered of a message that is put off. */
export interface Snoozed {
  /** Milliseconds since 1970. */
  readonly until: number;
  /** The folder it goes back to. */
  readonly back: FolderId;
  /** The folder in which it waits: elsewhere it is not put off any more. */
  readonly into: FolderId;
}

export interface Snoozing {
  /** Moves them into the folder `into`, to be brought back at `until` (milliseconds since 1970) by whoever calls `wake` then. Answers how
   * many were there. */
  putOff(ids: readonly MsgId[], until: number, into: FolderId): Promise<number>;
  /** Brings back those that are due. Once more changes nothing. */
  wake(ids: readonly MsgId[]): Promise<void>;
}

export class AccountSnoozing implements Snoozing {
  readonly #clock: Clock;
  readonly #run: <T>(operation: Operation<T>) => Promise<T>;

  constructor(clock: Clock, run: <T>(operation: Operation<T>) => Promise<T>) {
    this.#clock = clock;
    this.#run = run;
  }

  async putOff(ids: readonly MsgId[], until: number, into: FolderId): Promise<number> {
    let found = 0;
    for (const some of inParts(ids)) found += await this.#run(putOff(some, until, into, this.#clock.now()));
    return found;
  }

  async wake(ids: readonly MsgId[]): Promise<void> {
    for (const some of inParts(ids)) await this.#run(comeBack(some, this.#clock.now()));
  }
}
