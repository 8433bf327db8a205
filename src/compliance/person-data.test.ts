/** The archive of a person's data. */
import { expect, test } from 'vitest';
import { PasskeyDevice } from '../../test/support/passkey-device.ts';
import { memoryBackend } from '../../test/support/backend.ts';
import { zipContent, zipEntries } from '../mail/zip.ts';
import { Damaged } from '../ports/kv.ts';
import { personData, type PersonDataParts } from './person-data.ts';

async function unpacked(parts: PersonDataParts, id: Parameters<typeof personData>[1]) {
  const pieces: Uint8Array[] = [];
  for await (const piece of personData(parts, id)) pieces.push(piece);
  const file = Buffer.concat(pieces);
  const entries = zipEntries(file, 1_000) ?? [];
  return new Map(entries.map((entry) => [entry.name, zipContent(file, entry, 1 << 24) ?? Buffer.of()]));
}

test('has the mail byte for byte, and all that is kept beside it but what opens something', async () => {
  const backend = await memoryBackend();
  const { alice } = backend;
  const raw = 'From: a@elsewhere.test\r\nSubject: one\r\n\r\nFrom here on\r\n';
  await backend.deliver(alice, raw);
  {
    using account = await backend.accountOf(alice);
    const folder = await account.createFolder('보관/..');
    await account.addMessage(Buffer.from('Subject: two\r\n\r\n'), { folder: folder.id, flags: 5, keywords: ['work'] });
    await account.putRecord('webhook', 'a', { url: 'https://a.test/', secret: 'canary-1' });
    await account.putRecord('webhook', 'b', { url: 'https://b.test/' });
    await account.putRecord('note', 'a', { text: 'my note' });
  }
  await backend.directory.appPasswords.create(alice.account, { name: 'phone', scopes: ['imap'] });
  const { access } = await backend.directory.oauth.grants.give(alice.account, {
    client: 'mail-program',
    scopes: ['imap'],
  });
  const page = { challenge: 'AAAA', rp: { id: 'localhost' }, origin: 'http://localhost' };
  await backend.directory.passkeys.add(alice.account, 'laptop', new PasskeyDevice(page.origin).make(page), page);
  const event = { by: 'operator', what: 'account.password', outcome: 'asked' } as const;
  await backend.audit.add({ ...event, about: '{"address":"Alice@example.test"}' });
  await backend.audit.add({ ...event, about: '{"address":"bob@example.test"}' });

  const files = await unpacked(backend, alice.account);
  const json = (name: string) => JSON.parse(String(files.get(name)));
  const listed = json('mail.json') as { file: string; flags: string[]; keywords: string[] }[];
  expect(listed.map(({ file }) => file)).toEqual(['mail/INBOX/0000000001.eml', 'mail/보관/%2e%2e/0000000002.eml']);
  expect(listed[1]).toMatchObject({ flags: ['seen', 'flagged'], keywords: ['work'] });
  expect(String(files.get('mail/INBOX/0000000001.eml'))).toBe(raw);
  expect(json('account.json')).toMatchObject({ address: 'alice@example.test', admin: false });
  expect(json('sign-ins.json').programs).toMatchObject([{ name: 'phone', scopes: ['imap'] }]);
  expect(json('sign-ins.json').letIn).toMatchObject([{ client: 'mail-program', scopes: ['imap'] }]);
  expect(json('sign-ins.json').passkeys).toMatchObject([{ name: 'laptop' }]);
  expect([...files.values()].join('')).not.toContain(access);
  expect(json('folders.json').map(({ path }: { path: string }) => path)).toContain('보관/..');
  expect(json('records/webhook.json').map(({ id }: { id: string }) => id)).toEqual(['a', 'b']);
  expect(json('records/note.json')).toEqual([{ id: 'a', value: { text: 'my note' } }]);
  expect(json('audit.json')).toMatchObject([{ number: 1, by: 'administrator', what: 'account.password' }]);
  expect(json('problems.json')).toEqual([]);
  expect(String(files.get('README.txt'))).toContain('contacts.vcf');
  expect(files.has('contacts.vcf')).toBe(true);
  expect([...files.values()].join('')).not.toContain('canary-1');
  expect([...files.values()].join('')).not.toContain('bob@example.test');
  expect(backend.handles.open).toBe(0);
});

test('a message that is damaged is told of, and the others are there', async () => {
  const backend = await memoryBackend();
  const { alice, mailstore } = backend;
  for (const text of ['one', 'two', 'three']) await backend.deliver(alice, `Subject: ${text}\r\n\r\n`);
  const open: typeof mailstore.open = async (...args) => {
    const account = await mailstore.open(...args);
    const body = account.body.bind(account);
    account.body = async (id, details) => {
      if (id === 2) throw new Damaged('a row is damaged');
      return await body(id, details);
    };
    return account;
  };
  const files = await unpacked({ ...backend, mailstore: { open } }, alice.account);
  expect(String(files.get('mail/INBOX/0000000003.eml'))).toBe('Subject: three\r\n\r\n');
  expect(JSON.parse(String(files.get('problems.json')))).toHaveLength(1);
});

test('of nobody there is none', async () => {
  const backend = await memoryBackend();
  const missing = 'f'.repeat(24) as typeof backend.alice.account;
  await expect(unpacked(backend, missing)).rejects.toMatchObject({ code: 'account-missing' });
});
