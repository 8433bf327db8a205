/** Two services on one PostgreSQL: one serves, the other stands by and takes over, whatever becomes of the first. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ImapClient } from '../client/imap.ts';
import { SmtpClient } from '../client/smtp.ts';
import { addAccounts, pabal, Service } from '../service.ts';
import { type Postgres, postgresPrograms, startPostgres } from '../support/postgres.ts';
import { until } from '../support/until.ts';

const USER = 'kim@example.test';
const missing = postgresPrograms() === undefined ? 'PostgreSQL is not installed (test/install.sh)' : undefined;
if (missing) console.warn(`standing by is not tested: ${missing}`);

describe.skipIf(missing !== undefined)('two services on one database', () => {
  let database: Postgres;
  let root: string;
  beforeAll(async () => {
    database = await startPostgres();
    root = await mkdtemp(join(tmpdir(), 'pabal-standby-'));
  });
  afterAll(async () => {
    await database[Symbol.asyncDispose]();
    await rm(root, { recursive: true, force: true });
  });
  const launch = (folder: string): Promise<Service> =>
    Service.launch({
      data: join(root, folder),
      sandbox: false,
      // A machine that is slow is not silent: what happens to one that is, the adapter's tests show.
      set: { 'store.standby': 'true', 'store.takeover_seconds': '600' },
      env: { PABAL_STORE_POSTGRES: database.url },
    });
  const standsBy = (service: Service): Promise<string> =>
    until('standing by', () => /"http":\["([^"]+)"\],"msg":"standing by"/.exec(service.output)?.[1]);
  /** As a server does that is not told whether its mail was taken: again, to whoever serves now. */
  const send = async (service: () => Service, subject: string, body = 'body\r\n'): Promise<void> => {
    const mail = Buffer.from(`Subject: ${subject}\r\nMessage-ID: <${subject}@elsewhere.test>\r\n\r\n${body}`);
    await until(`${subject} is taken`, async () => {
      try {
        await using smtp = await SmtpClient.connect(service().at('smtp'));
        return (await smtp.send('x@elsewhere.test', [USER], mail))[0]?.code === 250;
      } catch {
        return false;
      }
    });
  };
  const inbox = async (service: Service): Promise<Map<string, string>> => {
    await using imap = await ImapClient.connect(service.at('imap'));
    await imap.login(USER, 'secret-word');
    const found = new Map<string, string>();
    for await (const { raw } of imap.messages('INBOX')) {
      const subject = /^Subject: (.*)\r$/m.exec(raw.toString())?.[1] ?? '';
      expect(found.has(subject), `${subject} is there twice`).toBe(false);
      found.set(subject, raw.toString());
    }
    return found;
  };
  const status = async (): Promise<string[]> => {
    const { stdout } = await pabal(['cluster', 'status', '--json', '--set', `store.postgres=${database.url}`]);
    return (JSON.parse(stdout) as { state: string }[]).map(({ state }) => state);
  };

  test('mail survives the death and the end of whoever serves (J1, J11)', async () => {
    await using started = new AsyncDisposableStack();
    const begin = async (folder: string): Promise<Service> => started.use(await launch(folder));
    const sent: string[] = [];
    let active = await begin('a');
    await active.ready();
    await addAccounts(active.data, [USER], 'secret-word');
    let other = await begin('b');
    const health = await fetch(`http://${await standsBy(other)}/healthz`);
    expect([health.status, await health.json()]).toEqual([503, { status: 'standby' }]);
    expect(await status()).toEqual(['active', 'standby']);
    const large = Array.from({ length: 3000 }, (_, i) => `line ${i} of a large mail, in the database as well\r\n`).join(
      '',
    );
    await send(() => active, 'large', large);

    /** Mails one after the other while something happens to the service they go to. */
    const during = async (name: string, happens: () => Promise<void>): Promise<void> => {
      const happening = happens();
      for (let i = 0; i < 10; i++) {
        await send(() => active, `${name}${i}`);
        sent.push(`${name}${i}`);
      }
      await happening;
    };
    const takesOver = async (next: Service): Promise<void> => {
      await next.ready();
      active = next;
    };

    await during('killed', async () => {
      await active.kill();
      await takesOver(other);
    });
    other = await begin('a');
    await standsBy(other);

    await during('ended', async () => {
      expect(await active.stop()).toBe(0);
      await takesOver(other);
    });

    await expect
      .poll(async () => [...(await inbox(active)).keys()].sort(), { timeout: 60_000 })
      .toEqual(['large', ...sent].sort());
    expect((await inbox(active)).get('large')).toContain(large);
    // One that stands by can be told to end.
    other = await begin('b');
    await standsBy(other);
    expect(await other.stop()).toBe(0);
    expect(await active.stop()).toBe(0);
    expect(await status()).not.toContain('active');
    const set = ['--data', join(root, 'a'), '--set', `store.postgres=${database.url}`];
    expect(await pabal(['verify', ...set])).toMatchObject({ code: 0, stderr: '' });
  });
});
