/**
 * Real time for HTTP: each change of an account goes to its event streams (server-sent events), one event per version,
 * with the version as its id. The log of the account is the only memory: a stream that was cut, dropped because its
 * reader was too slow, or never told, resumes from the log at the version it saw last, and misses nothing.
 *
 * The streams of one account share a handle, and each event is put into words once, whatever their number.
 */
import type { OpenAccess } from '../../directory/open-access.ts';
import type { AccountId, MailAccount, MailStore, VersionChanges } from '../../mailstore/api.ts';
import type { Log } from '../../telemetry/log.ts';
import type { Gauge, Metrics } from '../../telemetry/metrics.ts';
import type { Version } from '../../ports/kv.ts';
import type { HttpLimits, SignedIn, User } from './context.ts';
import { aborted } from './event-sink.ts';
import { Problem } from './reply.ts';
import { changeView } from './view.ts';

/** Where a stream goes: a socket, as far as events are concerned. */
export interface EventSink {
  /** Bytes accepted but not sent yet. */
  readonly backlog: number;
  write(chunk: Buffer): void;
  /** Resolves when the backlog is gone, or the sink is closed. */
  drained(): Promise<void>;
  end(): void;
  /** Gives up at once. */
  destroy(): void;
}

/** How often accounts with streams ask the store for news that no wake-up announced. */
const REFRESH_MS = 10_000;
/** Every third time a comment is sent, so that a dead connection is noticed, and sessions are checked. */
const TICKS_PER_HEARTBEAT = 3;
const HEARTBEAT = Buffer.from(':\n\n');

interface Stream {
  readonly sink: EventSink;
  readonly session: SignedIn;
  /** The last version it was sent. */
  at: Version;
  /** Reading the log; live events wait there meanwhile. */
  catchingUp: boolean;
}

/** What the streams of one account share; made by the first, gone with the last. */
interface Hub {
  readonly ready: Promise<{ readonly account: MailAccount; readonly close: () => void }>;
  readonly streams: Set<Stream>;
  /** Streams, and those that are about to be. */
  users: number;
}

export class EventStreams {
  readonly #mailstore: MailStore;
  readonly #stillSignedIn: (session: SignedIn) => Promise<boolean>;
  readonly #access: OpenAccess | undefined;
  readonly #limits: HttpLimits;
  readonly #log: Log;
  readonly #gauge: Gauge<string>;
  readonly #hubs = new Map<AccountId, Hub>();
  readonly #counts = new Map<AccountId, number>();
  readonly #timer: NodeJS.Timeout;
  #tick = 0;

  constructor(options: {
    readonly mailstore: MailStore;
    readonly stillSignedIn: (session: SignedIn) => Promise<boolean>;
    /** Absent: streams are looked at by the clock only. */
    readonly access?: OpenAccess | undefined;
    readonly limits: HttpLimits;
    readonly log: Log;
    readonly metrics: Metrics;
  }) {
    this.#mailstore = options.mailstore;
    this.#stillSignedIn = options.stillSignedIn;
    this.#access = options.access;
    this.#limits = options.limits;
    this.#log = options.log;
    this.#gauge = options.metrics.gauge('http_event_streams', 'Open event streams');
    // One timer for all streams.
    this.#timer = setInterval(() => void this.tick(), REFRESH_MS).unref();
  }

  /**
   * Takes a place for a stream before anything is sent, so that a refusal can still be an answer of its own; the place
   * is given back by disposing. Throws `too-many-streams`.
   */
  reserve({ account }: User): Disposable {
    const open = this.#counts.get(account) ?? 0;
    if (open >= this.#limits.streams) throw new Problem('too-many-streams');
    this.#counts.set(account, open + 1);
    this.#gauge.inc();
    return {
      [Symbol.dispose]: () => {
        const left = (this.#counts.get(account) ?? 1) - 1;
        if (left === 0) this.#counts.delete(account);
        else this.#counts.set(account, left);
        this.#gauge.dec();
      },
    };
  }

  /** Sends events until `closed`, beginning after `since`, or now when that is undefined. */
  async run(sink: EventSink, session: SignedIn, since: Version | undefined, closed: AbortSignal): Promise<void> {
    const hub = this.#join(session.user);
    const stream: Stream = { sink, session, at: 0, catchingUp: true };
    hub.streams.add(stream);
    closed.addEventListener('abort', () => hub.streams.delete(stream));
    using _held = this.#access?.enter(session.user, () => sink.end());
    try {
      const { account } = await hub.ready;
      const now = await account.refresh();
      // A version from the future is of another life of the account (it was restored from a backup).
      const known = since !== undefined && since <= now;
      stream.at = known ? since : now;
      sink.write(versionEvent(since === undefined || known ? 'ready' : 'resync', stream.at));
      await this.#catchUp(account, stream, closed);
      await aborted(closed);
    } finally {
      hub.streams.delete(stream);
      this.#leave(session.user.account, hub);
    }
  }

  /** Catches up with the store, and every third time sees to dead connections and ended sessions. */
  async tick(): Promise<void> {
    const heartbeat = ++this.#tick % TICKS_PER_HEARTBEAT === 0;
    for (const hub of this.#hubs.values()) {
      try {
        const { account } = await hub.ready;
        await account.refresh();
        if (heartbeat) for (const stream of hub.streams) await this.#heartbeat(stream);
      } catch (error) {
        this.#log.warn({ err: error }, 'event streams could not be refreshed');
      }
    }
  }

  /** Ends every stream; readers come back with the last id they saw. */
  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    for (const { streams } of this.#hubs.values()) for (const stream of streams) stream.sink.end();
  }

  async #heartbeat(stream: Stream): Promise<void> {
    if (!(await this.#stillSignedIn(stream.session))) stream.sink.end();
    else this.#write(stream, HEARTBEAT);
  }

  #join(user: User): Hub {
    const known = this.#hubs.get(user.account);
    if (known !== undefined) {
      known.users++;
      return known;
    }
    const streams = new Set<Stream>();
    const hub: Hub = { ready: this.#open(user, streams), streams, users: 1 };
    this.#hubs.set(user.account, hub);
    return hub;
  }

  async #open(user: User, streams: Set<Stream>): Promise<Awaited<Hub['ready']>> {
    const account = await this.#mailstore.open(user, user.account);
    const watch = account.watch((changes) => this.#publish(streams, changes));
    const close = () => {
      watch[Symbol.dispose]();
      account[Symbol.dispose]();
    };
    return { account, close };
  }

  #leave(id: AccountId, hub: Hub): void {
    if (--hub.users > 0) return;
    this.#hubs.delete(id);
    // A hub that could not be opened has nothing to close; its streams have heard of it.
    hub.ready.then(({ close }) => close()).catch(() => undefined);
  }

  #publish(streams: Set<Stream>, changes: VersionChanges): void {
    let event: Buffer | undefined;
    for (const stream of streams) {
      if (stream.catchingUp || changes.version <= stream.at) continue;
      event ??= eventOf(changes);
      stream.at = changes.version;
      this.#write(stream, event);
    }
  }

  #write(stream: Stream, chunk: Buffer): void {
    if (stream.sink.backlog + chunk.length > this.#limits.streamBacklog) stream.sink.destroy();
    else stream.sink.write(chunk);
  }

  /** From the log to the present. Here a slow reader only slows itself; live, it is dropped. */
  async #catchUp(account: MailAccount, stream: Stream, closed: AbortSignal): Promise<void> {
    while (!closed.aborted) {
      const { version } = account;
      if (stream.at >= version) {
        // Nothing comes in between this look and the next line: both happen in one go.
        stream.catchingUp = false;
        return;
      }
      const log = account.changesSince(stream.at);
      if (log === undefined) {
        stream.at = version;
        stream.sink.write(versionEvent('resync', version));
        continue;
      }
      for await (const changes of log) {
        if (closed.aborted) return;
        if (changes.version <= stream.at) continue;
        stream.at = changes.version;
        stream.sink.write(eventOf(changes));
        if (stream.sink.backlog > this.#limits.streamBacklog / 2) await stream.sink.drained();
      }
      // Versions without a log row (a fencing commit) changed nothing.
      stream.at = Math.max(stream.at, version);
    }
  }
}

/** `ready`: here the stream begins. `resync`: what happened before is not known any more, so read everything again. */
function versionEvent(name: 'ready' | 'resync', version: Version): Buffer {
  return Buffer.from(`retry: 2000\nid: ${version}\nevent: ${name}\ndata: {"version":${version}}\n\n`);
}

function eventOf({ version, changes }: VersionChanges): Buffer {
  const shown = changes.map(changeView).filter((c) => c !== undefined);
  return Buffer.from(`id: ${version}\nevent: change\ndata: ${JSON.stringify({ version, changes: shown })}\n\n`);
}
