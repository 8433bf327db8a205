/** A backup, made while the service runs: all of it restored, or some, or what is left of it. */
import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ImapClient } from '../client/imap.ts';
import { rawMessages } from '../client/mailbox.ts';
import { addAccounts, pabal, Service } from '../service.ts';

/** Of everything in a folder. */
async function digestOf(folder: string): Promise<string[]> {
  const files = (await readdir(folder, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
  const digest = async (path: string) =>
    createHash('sha256')
      .update(await readFile(path))
      .digest('hex');
  return (
    await Promise.all(
      files.map(async ({ parentPath, name }) => `${join(parentPath, name)} ${await digest(join(parentPath, name))}`),
    )
  ).sort();
}

/** With what is in them. */
async function removeFolders(at: string, user: string, tops: readonly string[]): Promise<void> {
  const client = await ImapClient.connect(at);
  await client.login(user, 'secret-word');
  for (const top of tops) {
    const { untagged } = await client.ok(`LIST "" ("${top}" "${top}/*")`);
    const names = untagged.flatMap(({ text }) => /"\/" (.+)$/.exec(text.trim())?.[1] ?? []);
    for (const name of names.toSorted((a, b) => b.length - a.length)) await client.ok(`DELETE ${name}`);
  }
  await client.logout();
}

const KIM = 'kim@example.test';
const LEE = 'lee@example.test';
const MESSAGES = ['one', 'two', 'three'].map(
  (n) => `From: a@example.test\r\nSubject: ${n}\r\n\r\nThe number ${n} at last.\r\n`,
);

let base: string;
let copy: string;
let service: Service;
const cli = (...args: string[]) => pabal([...args, '--data', service.data]);

beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), 'pabal-backup-'));
  copy = join(base, 'backup');
  service = await Service.start({ sandbox: false });
  await addAccounts(service.data, [KIM, LEE], 'secret-word');
  for (const user of [KIM, LEE]) {
    const client = await ImapClient.connect(service.at('imap'));
    await client.login(user, 'secret-word');
    for (const raw of MESSAGES) await client.ok('APPEND INBOX ', Buffer.from(raw));
    await client.ok('SELECT INBOX');
    await client.ok('STORE 2 +FLAGS (\\Seen \\Flagged $label1)');
    await client.ok('CREATE Old');
    await client.ok('COPY 1 Old');
    await client.logout();
  }
});
afterAll(async () => {
  await service[Symbol.asyncDispose]();
  await rm(base, { recursive: true, force: true });
});

it('a backup made meanwhile is restored into a new folder, with new UIDVALIDITYs (E4)', async () => {
  const big = `From: d@example.test\r\nSubject: big\r\nMessage-ID: <big@example.test>\r\nMIME-Version: 1.0\r\nContent-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n\r\n${'QUJD'.repeat(19).concat('\r\n').repeat(3000)}`;
  await writeFile(join(base, 'big.eml'), big);
  expect((await cli('import', KIM, join(base, 'big.eml'))).code).toBe(0);
  expect((await cli('backup', copy)).stdout).toMatch(/the store and 1 attachments/);
  expect(await cli('backup', copy)).toMatchObject({
    code: 1,
    stderr: `pabal: ${copy} is not empty: name a new folder\n`,
  });
  const before = await rawMessages(service.at('imap'), KIM, 'INBOX');

  expect((await pabal(['restore', copy, '--data', service.data])).stderr).toContain('is not empty');
  const data = join(base, 'restored');
  const restored = await pabal(['restore', copy, '--data', data]);
  expect(restored.stdout).toContain('1 attachments');
  expect(restored.code).toBe(0);
  expect(await pabal(['verify', '--data', data])).toMatchObject({ code: 0 });
  await using again = await Service.start({ sandbox: false, data });
  expect(await rawMessages(again.at('imap'), KIM, 'INBOX')).toEqual(before);
  const validity = async (at: string) => {
    const client = await ImapClient.connect(at);
    await client.login(KIM, 'secret-word');
    const { untagged } = await client.ok('STATUS INBOX (UIDVALIDITY)');
    await client.logout();
    return Number(/UIDVALIDITY (\d+)/.exec(untagged.map(({ text }) => text).join(' '))?.[1]);
  };
  expect(await validity(again.at('imap'))).toBeGreaterThan(await validity(service.at('imap')));
});

it('a folder, a message or all mail of one account comes back from a backup, and nothing else is touched (L2)', async () => {
  const back = (...args: string[]) => cli('restore', copy, '--account', KIM, ...args);
  const inbox = await rawMessages(service.at('imap'), KIM, 'INBOX');
  const files = await digestOf(copy);
  const sorted = (all: readonly { readonly flags: string; readonly hash: string }[]) =>
    all.map(({ flags, hash }) => `${hash} ${flags}`).sort();

  expect(await back('--folder', 'INBOX', '--into', 'Back')).toMatchObject({
    code: 0,
    stdout: '4 messages restored to Back\n',
  });
  expect(sorted(await rawMessages(service.at('imap'), KIM, 'Back'))).toEqual(sorted(inbox));
  expect((await back('--folder', 'INBOX', '--into', 'Back')).stdout).toBe(
    '0 messages restored to Back, 4 were there already\n',
  );
  const one = JSON.parse((await back('--message', '<big@example.test>', '--json')).stdout) as { into: string };
  expect(one).toEqual({
    into: expect.stringMatching(/^Restored \d{4}-\d\d-\d\d /),
    restored: 1,
    known: 0,
    missing: [],
  });
  expect(await rawMessages(service.at('imap'), KIM, one.into)).toHaveLength(1);
  expect((await back('--into', 'Back/all')).stdout).toBe('5 messages restored to Back/all\n');
  expect(sorted(await rawMessages(service.at('imap'), KIM, 'Back/all'))).toEqual(sorted(inbox));
  expect(await rawMessages(service.at('imap'), KIM, 'INBOX')).toEqual(inbox);

  expect((await back('--folder', 'Absent')).stderr).toContain(`in the backup, ${KIM} has no folder Absent`);
  expect((await cli('restore', copy, '--folder', 'INBOX')).code).toBe(2);
  expect(await digestOf(copy)).toEqual(files);
  expect((await readdir(join(service.data, 'run'))).filter((name) => name.startsWith('backup'))).toEqual([]);
  await removeFolders(service.at('imap'), KIM, ['Back', one.into]);
});

it('of a damaged backup exactly what is missing is told, and the rest restored (L3)', async () => {
  const [blob] = JSON.parse(await readFile(join(copy, 'blobs.json'), 'utf8')) as { key: string }[];
  const digest = blob?.key.split('-')[1] ?? '';
  await rm(join(copy, 'blobs', digest.slice(0, 2), digest.slice(2, 4), blob?.key ?? ''));
  const damaged = await pabal(['restore', copy, '--data', join(base, 'restored-2')]);
  expect(damaged.code).toBe(1);
  expect(damaged.stdout).toContain(`missing from the backup: attachment ${blob?.key}`);
  // And whose mail that was: nobody else's.
  expect(damaged.stdout).toMatch(/^kim@example\.test: .*INBOX.*$/m);
  expect(damaged.stdout).not.toMatch(/^lee@/m);
  const some = await cli('restore', copy, '--account', KIM, '--into', 'Back');
  expect(some).toMatchObject({ code: 1, stdout: '4 messages restored to Back\n' });
  expect(some.stderr).toMatch(/^not restored: a message in INBOX: /);
  await removeFolders(service.at('imap'), KIM, ['Back']);

  // Everybody's copy of one message.
  const store = join(copy, 'kv', 'data.mdb');
  const bytes = await readFile(store);
  for (
    let at = bytes.indexOf('The number two at last');
    at !== -1;
    at = bytes.indexOf('The number two at last', at + 1)
  )
    bytes[at]! ^= 1;
  await writeFile(store, bytes);
  const rotten = await pabal(['restore', copy, '--data', join(base, 'restored-3')]);
  expect(rotten.code).toBe(1);
  expect(rotten.stdout).toContain('restored 3 accounts');
  for (const who of ['kim', 'lee'])
    expect(rotten.stdout).toMatch(new RegExp(`^${who}@example\\.test: .*INBOX.*$`, 'm'));
});
