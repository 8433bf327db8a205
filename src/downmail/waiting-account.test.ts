/** The sender's view of his sender mailbox in mail programs: IMAP with a client that nobody here wrote, and POP3 (C-42). */
import { ImapFlow } from 'imapflow';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { WireClient } from '../../test/client/wire.ts';
import { httpBackend } from '../../test/support/http.ts';
import { runTranscript } from '../../test/transcript/run.ts';
import { Network } from '../net/network.ts';
import { createImapServer } from '../protocols/imap/server.ts';
import { pop3 } from '../protocols/pop3/protocol.ts';
import { SenderIds } from './ids.ts';
import { SenderSignIn } from './sender-sign-in.ts';

const ROOT = 'Sender mailbox';

let http: Awaited<ReturnType<typeof httpBackend>>;
let network: Network;
let imap: string;
let pop: string;

beforeEach(async () => {
  http = await httpBackend({ remote: true, downmail: { mode: 'downmail' } });
  for (const [subject, to] of [
    ['first', ['a@x.test', 'b@x.test']],
    ['second', ['a@x.test']],
  ] as const) {
    const text = 'a line of an original\n'.repeat(100);
    await http.alice.as('POST', '/v1/messages', { body: { to, subject, text } });
    await http.dispatcher.idle();
  }
  const { kv, clock, random, directory, metrics, log } = http;
  const senderSignIn = new SenderSignIn({ senderIds: new SenderIds(kv, clock, random), directory });
  const services = { ...http, senderSignIn, tls: undefined };
  network = new Network({ log, metrics, clock });
  const listen = async (protocol: Parameters<Network['listen']>[0]['protocol']): Promise<string> =>
    (await network.listen({ protocol, addresses: [{ host: '127.0.0.1', port: 0 }] })).addresses[0] ?? '';
  const more = { store: http.mailstore, plaintextLogin: () => true, messageSize: 1_000_000, errors: 20, version: '0' };
  imap = await listen(createImapServer({ ...services, ...more }));
  pop = await listen(pop3({ ...services, allowPlaintextLogin: 'loopback' }));
});
afterEach(async () => {
  await network.close(0);
  await http.server.close(0);
  expect(http.handles.open).toBe(0);
});

function client(user = '/alice/', pass = 'secret password'): ImapFlow {
  const port = Number(imap.split(':').at(-1));
  return new ImapFlow({
    host: '127.0.0.1',
    port,
    secure: false,
    auth: { user, pass },
    logger: false,
    doSTARTTLS: false,
  });
}

const waiting = async (): Promise<string[]> =>
  (await http.alice.as('GET', '/v1/sender-mailbox/copies')).json.items.map(
    (one: { subject: string; recipient: string }) => `${one.subject} ${one.recipient}`,
  );

async function subjectsIn(flow: ImapFlow, path: string): Promise<string[]> {
  const lock = await flow.getMailboxLock(path);
  try {
    const all = await Array.fromAsync(flow.fetch('1:*', { envelope: true }));
    return all.map(({ envelope }) => envelope?.subject ?? '');
  } finally {
    lock.release();
  }
}

test('IMAP: a folder with the mails, and one for each recipient with his copies', async () => {
  const flow = client();
  await flow.connect();
  expect((await flow.list()).map(({ path }) => path)).toEqual(['INBOX', ROOT, `${ROOT}/a@x.test`, `${ROOT}/b@x.test`]);
  expect(await flow.status('INBOX', { messages: true })).toMatchObject({ messages: 0 });
  expect(await subjectsIn(flow, ROOT)).toEqual(['first', 'second']);
  expect(await subjectsIn(flow, `${ROOT}/a@x.test`)).toEqual(['first', 'second']);
  expect(await subjectsIn(flow, `${ROOT}/b@x.test`)).toEqual(['first']);
  const lock = await flow.getMailboxLock(ROOT);
  const { uidValidity } = flow.mailbox || { uidValidity: 0n };
  const one = await flow.fetchOne('2', { source: true, internalDate: true });
  expect(one && String(one.source)).toContain('a line of an original');
  expect(await flow.search({ subject: 'second' })).toEqual([2]);
  await expect(flow.append(ROOT, 'Subject: x\r\n\r\nx')).rejects.toThrow();
  lock.release();
  await flow.logout();
  // Nobody who looks at his own mail has fetched it, and numbers mean what they meant.
  const items = (await http.alice.as('GET', '/v1/sender-mailbox/copies?fetched=true')).json.items;
  expect(items).toEqual([]);
  const again = client('/alice');
  await again.connect();
  const second = await again.getMailboxLock(ROOT);
  expect(again.mailbox && again.mailbox.uidValidity).toBe(uidValidity);
  second.release();
  await again.logout();
});

test('IMAP: deleting a copy deletes it for that recipient, deleting a mail for all', async () => {
  const flow = client();
  await flow.connect();
  const remove = async (path: string, subject: string): Promise<void> => {
    const lock = await flow.getMailboxLock(path);
    await flow.messageDelete({ subject });
    lock.release();
  };
  await remove(`${ROOT}/a@x.test`, 'first');
  expect(await waiting()).toEqual(['second a@x.test', 'first b@x.test']);
  expect(await subjectsIn(flow, ROOT)).toEqual(['first', 'second']);
  await remove(ROOT, 'first');
  expect(await waiting()).toEqual(['second a@x.test']);
  expect(await subjectsIn(flow, `${ROOT}/a@x.test`)).toEqual(['second']);
  expect(await flow.status(`${ROOT}/b@x.test`, { messages: true })).toMatchObject({ messages: 0 });
  // The last copy that goes takes the mail along.
  await remove(`${ROOT}/a@x.test`, 'second');
  expect(await flow.status(ROOT, { messages: true })).toMatchObject({ messages: 0 });
  await flow.logout();
  expect(await waiting()).toEqual([]);
});

test('POP3: each copy, with a line that says for whom; DELE and QUIT delete it', async () => {
  const signIn = `
    A< +OK Pabal POP3 at your service
    A> USER /alice/
    A< +OK Now the password
    A> PASS secret password`;
  const run = (script: string) => runTranscript(`${signIn}\n${script}`, () => WireClient.connect(pop));
  await run(`
    A< /^\\+OK 3 messages/
    A> TOP 1 0
    A< +OK The top of it
    A< Downmail-Copy: user=/alice/axtest/1/; fetched=no;
    A< \trecipient=a@x.test
    A< ...
    A< .
    A> RETR 2
    A< /^\\+OK [0-9]+ octets$/
    A< Downmail-Copy: user=/alice/bxtest/1/; fetched=no;
    A< ...
    A< .
    A> DELE 1
    A< +OK Message 1 will be deleted
    A> RSET
    A< ...
    A> DELE 2
    A< +OK Message 2 will be deleted
    A> QUIT
    A< +OK Good-bye
  `);
  expect(await waiting()).toEqual(['second a@x.test', 'first a@x.test']);
});

test('the password is the account’s own, and who has no sender mailbox is told no more than who has', async () => {
  for (const [user, pass] of [
    ['/alice/', 'wrong'],
    ['/nobody/', 'secret password'],
  ] as const) // prettier-ignore
    await expect(client(user, pass).connect()).rejects.toMatchObject({ serverResponseCode: 'AUTHENTICATIONFAILED' });
});
