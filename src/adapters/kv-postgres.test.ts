import pg from 'pg';
import { afterAll, describe, expect, it } from 'vitest';
import { type Postgres, postgresPrograms, startPostgres } from '../../test/support/postgres.ts';
import { kvContract } from '../ports/kv.contract.ts';
import { collect, commitNow, freshId, put, text } from '../ports/kv-rows.contract.ts';
import { type CommitId, partition } from '../ports/kv.ts';
import { nodesOf, type StandbyOptions } from './kv-postgres-lease.ts';
import { openPostgres, type PostgresKv } from './kv-postgres.ts';

const missing = postgresPrograms() === undefined ? 'PostgreSQL is not installed (test/install.sh)' : undefined;
if (missing) console.warn(`kv-postgres is not tested: ${missing}`);

describe.skipIf(missing !== undefined)('on a real server', { timeout: 180_000 }, () => {
  let server: Promise<Postgres> | undefined;
  const database = () => (server ??= startPostgres());
  const opened = new Set<PostgresKv>();
  const open = async (url: string, patienceMs?: number): Promise<PostgresKv> => {
    const kv = await openPostgres(url, patienceMs === undefined ? {} : { patienceMs });
    opened.add(kv);
    return kv;
  };
  const close = async (kv: PostgresKv): Promise<void> => {
    opened.delete(kv);
    await kv[Symbol.asyncDispose]();
  };
  afterAll(async () => {
    for (const kv of opened) await close(kv);
    await (await server)?.[Symbol.asyncDispose]();
  });
  const ask = async (statement: string, values: unknown[] = []): Promise<pg.QueryResult> => {
    const client = new pg.Client({ connectionString: (await database()).url });
    await client.connect();
    try {
      return await client.query(statement, values);
    } finally {
      await client.end();
    }
  };

  kvContract('kv-postgres', async () => {
    const { url } = await database();
    let kv = await open(url);
    return {
      kv,
      async reopen() {
        await close(kv);
        kv = await open(url);
        return kv;
      },
      async damage(p, bucket, key) {
        const where = 'p = $1 and k = $2';
        const change = 'set v = set_byte(v, 0, get_byte(v, 0) # 1)';
        const { rowCount } = await (bucket === undefined
          ? ask(`update pabal_row ${change} where ${where}`, [Buffer.from(p), key])
          : ask(`update pabal_immutable ${change} where ${where} and b = $3`, [Buffer.from(p), key, bucket]));
        return rowCount === 1;
      },
      close: () => close(kv),
    };
  });

  describe('kv-postgres', () => {
    const p = partition('u', 'unsure');
    const handed = partition('u', 'handed');

    it('has the database for itself', async () => {
      const { url } = await database();
      const kv = await open(url);
      await expect(openPostgres(url)).rejects.toThrow('another Pabal has this database open');
      await close(kv);
      await close(await open(url));
    });

    const standBy = async (name: string, more: Partial<StandbyOptions> = {}) => {
      const waiting = Promise.withResolvers<string | undefined>();
      const standby = { afterMs: 60_000, onWaiting: waiting.resolve, ...more };
      const opening = openPostgres((await database()).url, { name, standby });
      opening.then(
        (kv) => opened.add(kv),
        () => undefined,
      );
      return { waitsFor: waiting.promise, opening };
    };
    const names = async () => (await nodesOf((await database()).url)).map(({ name, active }) => [name, active]);

    it('is waited for by one that stands by, and taken over when it ends', async () => {
      const { url } = await database();
      const first = await openPostgres(url, { name: 'first' });
      const { waitsFor, opening } = await standBy('second');
      expect(await waitsFor).toBe('first');
      await expect.poll(names).toEqual([
        ['first', true],
        ['second', false],
      ]);
      await commitNow(first, handed, { put: put(['handed', 'over']) });
      await first[Symbol.asyncDispose]();
      const second = await opening;
      expect(await collect(second, handed)).toEqual([['handed', 'over']]);
      expect(await names()).toEqual([['second', true]]);
      await close(second);
      expect(await names()).toEqual([]);
    });

    it('loses its connections to one that stands by when it is silent', async () => {
      // A service that stands still: its connections live, and it says nothing.
      const { url } = await database();
      const still = new pg.Client({ connectionString: url, application_name: 'pabal still' });
      const gone = new Promise((resolve) => still.on('error', resolve));
      await still.connect();
      await still.query('select pg_advisory_lock(7263201, 1)');
      await still.query("insert into pabal_node values ('still', true, now(), now() - interval '1 minute')");
      const { waitsFor, opening } = await standBy('awake', { afterMs: 30_000 });
      expect(await waitsFor).toBe('still');
      await gone;
      const awake = await opening;
      expect(await names()).toEqual([
        ['awake', true],
        ['still', false],
      ]);
      await close(awake);
      await ask('delete from pabal_node');
    });

    it('is not taken from one that is alive, and who stands by can be told to end', async () => {
      const { url } = await database();
      const kv = await open(url);
      const told = new AbortController();
      const { waitsFor, opening } = await standBy('patient', { afterMs: 30_000, signal: told.signal });
      await waitsFor;
      told.abort(new Error('told to end'));
      await expect(opening).rejects.toThrow();
      expect(kv.failed).toBeUndefined();
      await close(kv);
    });

    it('stands by over the death of the server, too', async () => {
      const postgres = await database();
      const kv = await open(postgres.url);
      const { waitsFor, opening } = await standBy('steadfast');
      await waitsFor;
      await postgres.kill();
      await kv.failure;
      await close(kv);
      await postgres.start();
      await close(await opening);
    });

    it('does not know whether a commit applied whose connection broke, and finds out', async () => {
      const { url } = await database();
      const kv = await open(url);
      const version = await commitNow(kv, p, { put: put(['k', 'before']) });
      const busy = new pg.Client({ connectionString: url });
      await busy.connect();
      const outcomes: string[] = [];
      // The commit waits for the row that somebody holds; then its connection is ended.
      await busy.query('begin');
      await busy.query('select from pabal_part where p = $1 for update', [Buffer.from(p)]);
      const id = freshId();
      const committing = kv.commit(p, version, version + 1, { put: put(['k', 'after']) }, id);
      await expect
        .poll(
          async () =>
            (await ask("select pg_terminate_backend(pid) from pg_stat_activity where wait_event_type = 'Lock'"))
              .rowCount,
          { timeout: 60_000 },
        )
        .toBe(1);
      expect(await committing).toEqual({ kind: 'unknown' });
      const resolving = kv.resolve(p, version, id).then((outcome) => outcomes.push(outcome));
      await busy.query('rollback');
      await busy.end();
      await resolving;
      expect(outcomes).toEqual(['not-applied']);
      expect(await collect(kv, p)).toEqual([['k', 'before']]);
      expect(await kv.commit(p, version, version + 1, {}, freshId())).toEqual({
        kind: 'conflict',
        version: version + 1,
      });
      await close(kv);
    });

    it('keeps what it acknowledged when the server is killed, and goes on when it is back', async () => {
      const postgres = await database();
      const kv = await open(postgres.url);
      const names: string[] = [];
      for (let i = 0; i < 20; i++) {
        await commitNow(kv, p, { put: put([`n${i}`, 'v']) });
        names.push(`n${i}`);
      }
      await postgres.kill();
      // Another service may take the database as soon as the lock is gone.
      expect((await kv.failure).message).toContain('the lock on the database is lost');
      await expect(kv.commit(p, 1, 2, {}, 'x' as CommitId)).rejects.toThrow('the lock on the database is lost');
      await close(kv);
      await postgres.start();
      const again = await open(postgres.url);
      expect((await collect(again, p)).map(([key]) => key)).toEqual(expect.arrayContaining(names));
      await close(again);
    });

    it('refuses a server that may lose what it acknowledged', async () => {
      await using unsafe = await startPostgres({ fsync: 'off' });
      await expect(openPostgres(unsafe.url)).rejects.toThrow('fsync');
    });

    it('syncs its own commits, whatever the server prefers', async () => {
      const { url } = await database();
      await ask('alter role pabal set synchronous_commit = off');
      const kv = await openPostgres(url, { name: 'syncing' });
      opened.add(kv);
      await commitNow(kv, p, { put: [[text('s'), text('v')]] });
      const { rows } = await ask(
        "select count(*)::int as n from pg_stat_activity where application_name = 'pabal syncing'",
      );
      expect(rows[0].n).toBeGreaterThan(0);
      expect(await kv.setting('synchronous_commit')).toBe('on');
      await ask('alter role pabal reset synchronous_commit');
      await close(kv);
    });
  });
});
