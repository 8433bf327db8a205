/** Picking up an original with nothing but what the notification says, by IMAP, with a client that nobody here wrote. */
import { ImapFlow } from 'imapflow';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { memoryBackend } from '../../test/support/backend.ts';
import { type HeldCopyOfTest, heldMail, PASSWORD, USER_ID } from '../../test/support/held-mail.ts';
import { Network } from '../net/network.ts';
import { createImapServer } from '../protocols/imap/server.ts';
import { silentLog } from '../telemetry/log.ts';

const RAW = [
  'From: kdhong@yahoo.com',
  'Subject: A long letter',
  'Content-Type: multipart/mixed; boundary=b',
  '',
  '--b',
  '',
  'the whole letter',
  '--b',
  'Content-Type: text/csv; name=a.csv',
  '',
  'a,b',
  '--b--',
  '',
].join('\r\n');

let network: Network;
let copy: HeldCopyOfTest;
let port: number;
let client: ImapFlow;

async function begin(keep: Parameters<typeof heldMail>[3] = 'until-deleted'): Promise<void> {
  const backend = await memoryBackend();
  copy = await heldMail(backend.mailstore, backend.alice, RAW, keep);
  network = new Network({ log: silentLog, metrics: backend.metrics, clock: backend.clock });
  const protocol = createImapServer({
    store: backend.mailstore,
    directory: backend.directory,
    clock: backend.clock,
    metrics: backend.metrics,
    tls: undefined,
    plaintextLogin: () => true,
    messageSize: 1_000_000,
    errors: 20,
    version: '0',
    pickUp: copy.pickUp,
  });
  const { addresses } = await network.listen({ protocol, addresses: [{ host: '127.0.0.1', port: 0 }] });
  port = Number((addresses[0] ?? '').split(':').at(-1));
}

function connect(pass = PASSWORD): ImapFlow {
  client = new ImapFlow({
    host: '127.0.0.1',
    port,
    secure: false,
    auth: { user: USER_ID.slice(0, -1), pass },
    logger: false,
    doSTARTTLS: false,
  });
  return client;
}

beforeEach(() => begin());
afterEach(async () => {
  client.close();
  await network.close(0);
  expect(copy.open).toBe(0);
});

test('INBOX holds exactly that mail; its header is no news, its text is fetched', async () => {
  await connect().connect();
  expect((await client.list()).map(({ path }) => path)).toEqual(['INBOX']);
  expect(await client.status('INBOX', { messages: true, unseen: true })).toMatchObject({ messages: 1, unseen: 1 });
  const lock = await client.getMailboxLock('INBOX');
  const seen = await client.fetchOne('1', { envelope: true, bodyStructure: true, flags: true, headers: true });
  if (!seen) throw new Error('nothing there');
  expect(seen.envelope?.subject).toBe('A long letter');
  expect(seen.bodyStructure?.childNodes).toHaveLength(2);
  expect(copy.log).toEqual([]);
  const whole = await client.fetchOne('1', { source: true });
  expect(whole && String(whole.source)).toBe(RAW);
  expect(copy.log).toEqual(['fetched by imap']);
  expect(await client.messageFlagsAdd('1', ['\\Seen', '$Label'])).toBe(true);
  expect(await client.search({ seen: true })).toEqual([1]);
  expect(await client.search({ body: 'whole letter' })).toEqual([1]);
  expect(await client.search({ body: 'no such words' })).toEqual([]);
  lock.release();
  await client.logout();
  expect(copy.log).toEqual(['fetched by imap']);
});

test('expunging it deletes it at the sender', async () => {
  await connect().connect();
  const lock = await client.getMailboxLock('INBOX');
  const gone: number[] = [];
  client.on('expunge', ({ seq }: { seq: number }) => gone.push(seq));
  expect(await client.messageDelete('1')).toBe(true);
  expect(gone).toEqual([1]);
  expect(client.mailbox && client.mailbox.exists).toBe(0);
  expect(await client.search({ all: true })).toEqual([]);
  lock.release();
  await client.logout();
  expect(copy.log).toEqual(['deleted']);
  await expect(connect().connect()).rejects.toMatchObject({
    responseText: 'The mail was fetched, and is not kept any more',
  });
});

test('nothing can be added, moved or made there', async () => {
  await connect().connect();
  const lock = await client.getMailboxLock('INBOX');
  await expect(client.mailboxCreate('Elsewhere')).rejects.toThrow();
  expect(await client.append('INBOX', 'Subject: x\r\n\r\n').catch(() => false)).toBe(false);
  expect(await client.messageCopy('1', 'INBOX').catch(() => false)).toBe(false);
  lock.release();
  await client.logout();
  expect(copy.log).toEqual([]);
});

test('a sender who keeps it all the same says so, and the mail stays', async () => {
  await network.close(0);
  await begin('until-expired');
  await connect().connect();
  const lock = await client.getMailboxLock('INBOX');
  expect(await client.messageDelete('1').catch(() => false)).toBe(false);
  expect(await client.search({ all: true })).toEqual([1]);
  lock.release();
  await client.logout();
});

test('a wrong password is refused as everywhere', async () => {
  await expect(connect('wrong-password').connect()).rejects.toMatchObject({ authenticationFailed: true });
  expect(copy.log).toEqual([]);
});
