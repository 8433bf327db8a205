/**
 * Which service uses a database: the one that holds an advisory lock, on a connection of its own. It says every second that it is alive; one that
 * falls silent (a machine that stands still or has no network keeps its connection for hours) loses its connections to a service that stands by, and with
 * them the lock. Every commit is guarded by the version it started from, so that whatever the old one still had under way either came first or fails.
 * All times are the server's: nobody compares clocks.
 */
import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import { StoreFailed } from '../ports/kv.ts';
import * as sql from './kv-postgres-sql.ts';

export interface LeaseOptions {
  /** Of this service, told to people: at most 40 characters of a-z, 0-9, `-` and `.`. */
  readonly name: string;
  /** What to do while another service uses the database; absent: give up at once. */
  readonly standby?: StandbyOptions;
}

export interface StandbyOptions {
  /** One that was silent for so long has lost the database. */
  readonly afterMs: number;
  /** Ends the waiting, with its reason. */
  readonly signal?: AbortSignal;
  /** Called once, with the name of the service that is waited for. */
  readonly onWaiting?: (active: string | undefined) => void;
}

/** A service that has the database, or stands by. */
export interface PostgresNode {
  readonly name: string;
  readonly active: boolean;
  readonly since: Date;
  /** How long ago it last said that it is alive. */
  readonly silentMs: number;
}

const BEAT_MS = 1000;
/** How often one that stands by tries the lock. */
const TRY_MS = 250;

/** Throws when another service has the database and `standby` is absent, or its signal is aborted. */
export async function takeLease(url: string, { name, standby }: LeaseOptions): Promise<Lease> {
  let waiting = false;
  const onWaiting = (active: string | undefined): void => {
    if (!waiting) standby?.onWaiting?.(active);
    waiting = true;
  };
  for (;;) {
    const client = new pg.Client({ connectionString: url, application_name: applicationName(name) });
    // One that breaks says so by what is asked of it.
    client.on('error', () => undefined);
    try {
      await client.connect();
      await checkServer(client);
      if (!(await tryLock(client))) {
        if (!standby) throw new Error('another Pabal has this database open');
        await waitForLock(client, name, { ...standby, onWaiting });
      }
      return new Lease(client, name);
    } catch (error) {
      if (waiting && standby?.signal?.aborted) await client.query(sql.LEAVE, [name]).catch(() => undefined);
      await client.end().catch(() => undefined);
      // Once it stands by it waits for the server, too.
      if (!waiting || standby?.signal?.aborted || !isAway(error)) throw error;
      await pause(BEAT_MS);
    }
  }
}

/** Of every connection of a service, so that another one can end them. */
export function applicationName(name: string): string {
  return `pabal ${name}`;
}

/** Those that use the database, or stand by, or did so until a short time ago. */
export async function nodesOf(url: string): Promise<PostgresNode[]> {
  const client = new pg.Client({ connectionString: url, application_name: 'pabal status' });
  client.on('error', () => undefined);
  await client.connect();
  try {
    const { rows } = await client.query<{ name: string; active: boolean; since: Date; silent: number }>(sql.NODES);
    return rows.map(({ name, active, since, silent }) => ({ name, active, since, silentMs: silent }));
  } finally {
    await client.end().catch(() => undefined);
  }
}

async function checkServer(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ version: string; fsync: string }>(
    "select current_setting('server_version_num') as version, current_setting('fsync') as fsync",
  );
  if (Number(rows[0]?.version) < 150_000) throw new Error('PostgreSQL 15 or newer is needed');
  if (rows[0]?.fsync !== 'on') throw new Error('the server has fsync off: it would lose mail with the power');
  // What says that somebody is alive need not survive.
  await client.query('set synchronous_commit = off');
  await client.query(sql.NODE_TABLE);
}

async function tryLock(client: pg.Client): Promise<boolean> {
  const { rows } = await client.query<{ locked: boolean }>(sql.LOCK);
  return rows[0]?.locked === true;
}

async function waitForLock(client: pg.Client, name: string, options: StandbyOptions): Promise<void> {
  const { afterMs, signal, onWaiting } = options;
  onWaiting?.((await activeOf(client))?.name);
  let beat = 0;
  do {
    if (performance.now() > beat) {
      beat = performance.now() + BEAT_MS;
      await client.query(sql.BEAT, [name, false]);
      const active = await activeOf(client);
      if (active && active.silent > afterMs) await client.query(sql.END_HOLDER);
    }
    await pause(TRY_MS, undefined, { ...(signal && { signal }) });
  } while (!(await tryLock(client)));
}

async function activeOf(client: pg.Client): Promise<{ name: string; silent: number } | undefined> {
  const { rows } = await client.query<{ name: string; silent: number }>(sql.ACTIVE);
  return rows[0];
}

/** The server is not there, or has just ended the connection. */
function isAway(error: unknown): boolean {
  const code = (error as { code?: string }).code;
  return !(error instanceof pg.DatabaseError) || /^(08|57P)/.test(code ?? '');
}

/** The lock, held. */
export class Lease implements AsyncDisposable {
  readonly client: pg.Client;
  readonly name: string;
  #ended = false;

  constructor(client: pg.Client, name: string) {
    this.client = client;
    this.name = name;
  }

  /** From here on it says that it is alive; `onLost` is called at most once. */
  async begin(onLost: (error: StoreFailed) => void): Promise<void> {
    const lost = (reason: string): void => {
      if (!this.#ended) onLost(new StoreFailed(`the lock on the database is lost: ${reason}`));
      this.#ended = true;
    };
    this.client.on('error', (error) => lost(error.message));
    this.client.on('end', () => lost('the connection ended'));
    await this.client.query(sql.TAKE_OVER, [this.name]);
    void this.#beat(lost);
  }

  async #beat(lost: (reason: string) => void): Promise<void> {
    try {
      while (!this.#ended) {
        await this.client.query(sql.BEAT, [this.name, true]);
        await pause(BEAT_MS, undefined, { ref: false });
      }
    } catch (error) {
      lost((error as Error).message);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended = true;
    await this.client.query(sql.LEAVE, [this.name]).catch(() => undefined);
    await this.client.end().catch(() => undefined);
  }
}
