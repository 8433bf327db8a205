/** A PostgreSQL of our own, from Debian's package: its files in a folder that goes with it, on a socket in there, as a user who is not root. */
import { execFile, spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { chmod, chown, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { until } from './until.ts';

const run = promisify(execFile);
const DEBIAN = '/usr/lib/postgresql';

/** Where `postgres` and `initdb` are; undefined when they are not installed. */
export function postgresPrograms(): string | undefined {
  const versions = existsSync(DEBIAN) ? readdirSync(DEBIAN) : [];
  const newest = versions
    .map(Number)
    .filter((version) => version >= 15)
    .sort((a, b) => b - a)[0];
  const folder = join(DEBIAN, String(newest), 'bin');
  return newest !== undefined && existsSync(join(folder, 'postgres')) ? folder : undefined;
}

export interface Postgres extends AsyncDisposable {
  readonly url: string;
  /** As a crash would. */
  kill(): Promise<void>;
  start(): Promise<void>;
}

/** `settings` as in postgresql.conf. */
export async function startPostgres(settings: Readonly<Record<string, string>> = {}): Promise<Postgres> {
  const programs = postgresPrograms();
  if (programs === undefined) throw new Error('PostgreSQL is not installed');
  const folder = await mkdtemp('/tmp/pabal-postgres-');
  const data = join(folder, 'data');
  // It refuses to be root.
  const who = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};
  if (who.uid !== undefined) await chown(folder, who.uid, who.gid);
  await chmod(folder, 0o700);
  const options = { ...who, cwd: folder, env: { PATH: process.env['PATH'] ?? '', LC_ALL: 'C.UTF-8' } };
  await run(join(programs, 'initdb'), ['-D', data, '-U', 'pabal', '-A', 'trust', '-E', 'UTF8', '--no-sync'], options);
  const port = 5432;
  const url = `postgresql://pabal@localhost:${port}/postgres?host=${folder}`;
  let server: ReturnType<typeof spawn> | undefined;
  const ended = async (signal: NodeJS.Signals): Promise<void> => {
    if (!server || server.exitCode !== null || server.signalCode !== null) return;
    const gone = new Promise((resolve) => server?.once('exit', resolve));
    server.kill(signal);
    await gone;
  };
  const start = async (): Promise<void> => {
    const all = { listen_addresses: '', unix_socket_directories: folder, port: String(port), ...settings };
    const args = Object.entries(all).flatMap(([key, value]) => ['-c', `${key}=${value}`]);
    server = spawn(join(programs, 'postgres'), ['-D', data, ...args], { ...options, stdio: 'ignore' });
    await until('PostgreSQL', async () => {
      const client = new pg.Client({ connectionString: url });
      try {
        await client.connect();
        return true;
      } catch {
        return false;
      } finally {
        await client.end().catch(() => undefined);
      }
    });
  };
  await start();
  return {
    url,
    start,
    kill: () => ended('SIGKILL'),
    async [Symbol.asyncDispose]() {
      await ended('SIGINT');
      await rm(folder, { recursive: true, force: true });
    },
  };
}
