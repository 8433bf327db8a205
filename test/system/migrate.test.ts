/** An installation moves from its data folder to PostgreSQL and back, with everything, and only one place serves it. */
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
if (missing) console.warn(`moving to PostgreSQL is not tested: ${missing}`);

describe.skipIf(missing !== undefined)('pabal migrate', () => {
  let server: Postgres;
  let folder: string;
  beforeAll(async () => {
    server = await startPostgres();
    folder = await mkdtemp(join(tmpdir(), 'pabal-migrate-'));
  });
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  });
  const large = Buffer.alloc(300_000, 'attached ').toString('base64').replaceAll(/.{76}/g, '$&\r\n');
  const mail = (subject: string): Buffer =>
    Buffer.from(
      `Subject: ${subject}\r\nMessage-ID: <${subject}@elsewhere.test>\r\nMIME-Version: 1.0\r\n` +
        'Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\ntext\r\n--b\r\n' +
        `Content-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n\r\n${large}\r\n--b--\r\n`,
    );
  const withService = async (
    options: { data: string; postgres?: boolean },
    act: (service: Service) => Promise<void>,
  ) => {
    const env = options.postgres ? { PABAL_STORE_POSTGRES: server.url } : {};
    await using service = await Service.start({ data: options.data, sandbox: false, env });
    await act(service);
    expect(await service.stop()).toBe(0);
  };
  const send = async (service: Service, subject: string): Promise<void> => {
    await using smtp = await SmtpClient.connect(service.at('smtp'));
    expect((await smtp.send('x@elsewhere.test', [USER], mail(subject)))[0]?.code).toBe(250);
    await smtp.quit();
  };
  const read = async (service: Service): Promise<Map<string, string>> => {
    await using imap = await ImapClient.connect(service.at('imap'));
    await imap.login(USER, 'secret-word');
    const found = new Map<string, string>();
    for await (const { raw, uid } of imap.messages('INBOX')) found.set(String(uid), raw.toString('latin1'));
    return found;
  };

  test('there and back', async () => {
    const [embedded, node, back] = ['embedded', 'node', 'back'].map((name) => join(folder, name)) as [
      string,
      string,
      string,
    ];
    const database = ['--set', `store.postgres=${server.url}`];
    let mails = new Map<string, string>();
    await withService({ data: embedded }, async (service) => {
      await addAccounts(embedded, [USER], 'secret-word');
      for (const subject of ['first', 'second']) await send(service, subject);
      await expect.poll(async () => (mails = await read(service)).size, { timeout: 60_000 }).toBe(2);
      const running = await pabal(['migrate', '--data', embedded, '--to-data', back]);
      expect(running).toMatchObject({ code: 1 });
      expect(running.stderr).toContain('another pabal uses');
    });
    const nowhere = await pabal(['migrate', '--data', embedded]);
    expect(nowhere).toMatchObject({ code: 2 });

    const there = await pabal([
      'migrate',
      '--data',
      embedded,
      '--to-data',
      node,
      '--to-set',
      `store.postgres=${server.url}`,
    ]);
    expect(there).toMatchObject({ code: 0, stderr: '' });
    expect(there.stdout).toMatch(
      /^moved 2 accounts: \d+ rows \(.*\) and 1 attachments\nevery row was compared and every message checked: 0 problems\n$/,
    );
    // Two places that both take mail would never be one again.
    const left = await pabal(['verify', '--data', embedded]);
    expect(left.stderr).toContain('went to PostgreSQL ');
    await withService({ data: node, postgres: true }, async (service) => {
      expect(await read(service)).toEqual(mails);
      await send(service, 'third');
      await expect.poll(async () => (mails = await read(service)).size, { timeout: 60_000 }).toBe(3);
    });

    const full = await pabal(['migrate', '--data', node, ...database, '--to-data', embedded]);
    expect(full.stderr).toContain('is not empty');
    const home = await pabal(['migrate', '--data', node, ...database, '--to-data', back]);
    expect(home).toMatchObject({ code: 0, stderr: '' });
    await withService({ data: back }, async (service) => expect(await read(service)).toEqual(mails));

    // Of its own will only.
    expect(await pabal(['migrate', '--data', embedded, '--reopen'])).toMatchObject({ code: 0 });
    expect(await pabal(['verify', '--data', embedded])).toMatchObject({ code: 0, stderr: '' });
    const trail = await pabal(['audit', 'list', '--data', embedded]);
    expect(trail.stdout).toContain('migrate --reopen');
  });
});
