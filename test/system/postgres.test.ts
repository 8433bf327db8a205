/** The real service on a real PostgreSQL: what it acknowledged survives the death of either. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ImapClient } from '../client/imap.ts';
import { SmtpClient } from '../client/smtp.ts';
import { addAccounts, pabal, Service } from '../service.ts';
import { type Postgres, postgresPrograms, startPostgres } from '../support/postgres.ts';

const USER = 'kim@example.test';
const missing = postgresPrograms() === undefined ? 'PostgreSQL is not installed (test/install.sh)' : undefined;
if (missing) console.warn(`the service on PostgreSQL is not tested: ${missing}`);

describe.skipIf(missing !== undefined)('on PostgreSQL', () => {
  let server: Postgres;
  let data: string;
  beforeAll(async () => {
    server = await startPostgres();
    data = await mkdtemp(join(tmpdir(), 'pabal-postgres-data-'));
  });
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
    await rm(data, { recursive: true, force: true });
  });
  const start = (folder = data): Promise<Service> =>
    Service.start({ data: folder, sandbox: false, env: { PABAL_STORE_POSTGRES: server.url } });
  const send = async (service: Service, subjects: readonly string[]): Promise<void> => {
    await using smtp = await SmtpClient.connect(service.at('smtp'));
    for (const subject of subjects) {
      const mail = Buffer.from(`Subject: ${subject}\r\nMessage-ID: <${subject}@elsewhere.test>\r\n\r\nbody\r\n`);
      expect((await smtp.send('x@elsewhere.test', [USER], mail))[0]?.code).toBe(250);
    }
    await smtp.quit();
  };
  const subjects = async (service: Service): Promise<string[]> => {
    await using imap = await ImapClient.connect(service.at('imap'));
    await imap.login(USER, 'secret-word');
    const found: string[] = [];
    for await (const { raw } of imap.messages('INBOX'))
      found.push(/^Subject: (.*)\r$/m.exec(raw.toString())?.[1] ?? '');
    return found.sort();
  };
  const names = (prefix: string) => Array.from({ length: 10 }, (_, i) => `${prefix}${i}`);

  test('mail survives the death of the service, and that of the database', async () => {
    let service = await start();
    try {
      await addAccounts(data, [USER], 'secret-word');
      await send(service, names('a'));
      await service.kill();
      service = await start();
      await expect.poll(() => subjects(service), { timeout: 60_000 }).toEqual(names('a'));
      await send(service, names('b'));
      await server.kill();
      // Without its lock nothing may be promised any more.
      expect((await service.exited).code).not.toBe(0);
      expect(service.output).toContain('the lock on the database is lost');
      await server.start();
      service = await start();
      await expect.poll(() => subjects(service), { timeout: 60_000 }).toEqual([...names('a'), ...names('b')]);
      expect(await service.stop()).toBe(0);
    } finally {
      await service[Symbol.asyncDispose]();
    }
    const set = ['--data', data, '--set', `store.postgres=${server.url}`];
    expect(await pabal(['verify', ...set])).toMatchObject({ code: 0, stderr: '' });
    // A folder whose mail is in a database is not started as if it were empty.
    const without = await pabal(['verify', '--data', data]);
    expect(without.stderr).toContain('say where with store.postgres');
    // All of it is in the database: another folder serves it as well.
    const other = await mkdtemp(join(tmpdir(), 'pabal-postgres-other-'));
    {
      await using elsewhere = await start(other);
      expect(await subjects(elsewhere)).toEqual([...names('a'), ...names('b')]);
    }
    await rm(other, { recursive: true, force: true });
  });
});
