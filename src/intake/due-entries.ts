/**
 * Takes the due entries of a queue, as many at a time as its worker has room for. There is one taking at a time: in the moment
 * it sees that there is no more it is over, so that a wake-up is never between the two.
 */
import type { Queue, QueueEntry, QueueName } from '../ports/queue.ts';
import type { Log } from '../telemetry/log.ts';

/** Before an entry is taken again whose outcome could not be written: the disk is full, or the database away. */
const GIVEN_BACK_MS = 30_000;

export interface DueWork {
  readonly queue: Queue;
  readonly name: QueueName;
  readonly log: Log;
  /** Entries that may be begun now. */
  room(): number;
  /** The next one is begun when this has resolved. `behind`: there may be more than there is room for. */
  begin(entry: QueueEntry, behind: boolean): Promise<void> | void;
}

export class DueEntries implements AsyncDisposable {
  readonly #work: DueWork;
  readonly #wake: Disposable;
  #taking = false;
  #taken: Promise<void> | undefined;
  #again = false;
  #stopped = false;

  constructor(work: DueWork) {
    this.#work = work;
    this.#wake = work.queue.onDue(work.name, () => this.look());
    this.look();
  }

  get taking(): boolean {
    return this.#taking;
  }

  get stopped(): boolean {
    return this.#stopped;
  }

  /** There may be room again. */
  look(): void {
    this.#again = true;
    if (this.#taking) return;
    this.#taking = true;
    this.#taken = this.#take();
  }

  /** What became of an entry could not be written, or it could not be begun. */
  giveBack(entry: QueueEntry): void {
    this.#work.queue.giveBack(entry, GIVEN_BACK_MS);
  }

  /** Begins nothing more: what is taken and not begun comes again after a restart. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped = true;
    this.#wake[Symbol.dispose]();
    await this.#taken;
  }

  async #take(): Promise<void> {
    const { queue, name, log } = this.#work;
    try {
      while (this.#again && !this.#stopped) {
        this.#again = false;
        const room = this.#work.room();
        if (room <= 0) break;
        const entries = await queue.take(name, room);
        const behind = entries.length === room;
        for (const [i, entry] of entries.entries()) {
          if (this.#stopped) return;
          try {
            await this.#work.begin(entry, behind);
          } catch (error) {
            for (const left of entries.slice(i)) this.giveBack(left);
            throw error;
          }
        }
        if (behind) this.#again = true;
      }
    } catch (err) {
      // Not again at once: a queue that fails may say each time that something is due.
      log.error({ err, queue: name }, 'the due entries of a queue could not be taken');
    } finally {
      this.#taking = false;
    }
  }
}
