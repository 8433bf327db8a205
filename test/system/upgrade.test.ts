/**
 * Data that an earlier version wrote, opened by this one. `data-0.1.0.tgz` was made by version 0.1.0: two accounts, an alias,
 * a quota, mail that was flagged, copied, moved and expunged over IMAP; `held.json` is what IMAP told of it then.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ImapClient } from '../client/imap.ts';
import { SmtpClient } from '../client/smtp.ts';
import { pabal, Service } from '../service.ts';

let data: string;
beforeAll(async () => {
  data = await mkdtemp(join(tmpdir(), 'pabal-upgrade-'));
  execFileSync('tar', ['-xzf', new URL('../fixtures/data-0.1.0.tgz', import.meta.url).pathname, '-C', data]);
  execFileSync('chown', ['-R', String(process.getuid?.() ?? 0), data]);
});
afterAll(() => rm(data, { recursive: true, force: true }));

interface Held {
  readonly status: string;
  /** UID, flags and digest of each message. */
  readonly list: readonly string[];
}

async function held(imap: ImapClient, folder: string): Promise<Held> {
  const { untagged } = await imap.ok(`STATUS ${folder} (MESSAGES UIDNEXT UIDVALIDITY UNSEEN)`);
  const list: string[] = [];
  for await (const { uid, flags, raw } of imap.messages(folder.replaceAll('"', '')))
    list.push(`${uid} ${flags} ${createHash('sha256').update(raw).digest('hex')}`);
  return { status: untagged.map(({ text }) => text).join(), list };
}

test('what version 0.1.0 kept is there to the last byte, UID and flag, and takes new mail (L4)', async () => {
  expect(await pabal(['verify', '--data', data])).toMatchObject({ code: 0 });
  await using service = await Service.start({ data, sandbox: false });
  const then = JSON.parse(await readFile(join(data, 'held.json'), 'utf8')) as Record<string, Held>;
  await using imap = await ImapClient.connect(service.at('imap'));
  await imap.login('kim@example.test', 'secret-word');
  for (const [folder, before] of Object.entries(then)) expect(await held(imap, folder), folder).toEqual(before);
  await using smtp = await SmtpClient.connect(service.at('smtp'));
  await smtp.send('x@remote.test', ['k@example.test'], Buffer.from('Subject: today\r\n\r\nnew\r\n'));
  await smtp.quit();
  await imap.ok('SELECT INBOX');
  const count = then['INBOX']!.list.length + 1;
  await expect.poll(() => imap.count('INBOX')).toBe(count);
  await imap.logout();
  expect(await service.stop()).toBe(0);
  expect(await pabal(['verify', '--data', data])).toMatchObject({ code: 0 });
  expect((await pabal(['account', 'show', 'lee@example.test', '--data', data])).stdout).toContain('of 5.0 MiB');
});
