/** A client that nobody here wrote, and readers that do not read. */
import { createHash } from 'node:crypto';
import { ImapFlow } from 'imapflow';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ImapService } from '../../../test/imap/service.ts';
import { buffersAfterCollection } from '../../../test/support/heap.ts';

let service: ImapService;
beforeAll(async () => {
  service = await ImapService.start({ plaintextLogin: true, messageSize: 5_000_000 });
});
afterAll(() => service[Symbol.asyncDispose]());

const sha = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

function imapflow(user: string, secure = false, more: { qresync?: boolean } = {}): ImapFlow {
  const address = secure ? service.secureAddress : service.address;
  const port = Number(address.split(':').at(-1));
  const auth = { user: `${user}@example.test`, pass: 'pass' };
  return new ImapFlow({
    host: '127.0.0.1',
    port,
    secure,
    auth,
    logger: false,
    tls: { rejectUnauthorized: false },
    ...more,
  });
}

describe('imapflow', () => {
  test.each([
    ['STARTTLS', false],
    ['implicit TLS', true],
  ])('works a mailbox over %s', async (_how, secure) => {
    const user = `flow${secure}`;
    const client = imapflow(user, secure);
    await client.connect();
    expect(client.secureConnection).toBe(true);
    await client.mailboxCreate('일/둘');
    const listed = await client.list();
    expect(listed.map(({ path }) => path)).toEqual(expect.arrayContaining(['INBOX', 'Sent', '일', '일/둘']));
    expect(listed.find(({ path }) => path === 'Sent')?.specialUse).toBe('\\Sent');
    const raw = Buffer.from(
      `From: a@b.c\r\nTo: d@e.f\r\nSubject: =?utf-8?B?7JWI64WV?=\r\n\r\n${'x'.repeat(100_000)}\r\n`,
    );
    const added = await client.append('INBOX', raw, ['\\Seen', '$Label'], new Date(0));
    expect(added).toMatchObject({ uid: 1 });
    await client.append('INBOX', raw);
    const lock = await client.getMailboxLock('INBOX');
    try {
      expect(client.mailbox).toMatchObject({ exists: 2, uidNext: 3, permanentFlags: expect.any(Set) });
      const message = await client.fetchOne('1', {
        envelope: true,
        bodyStructure: true,
        flags: true,
        source: true,
        size: true,
        internalDate: true,
      });
      if (!message) throw new Error('nothing came');
      expect(message.envelope?.subject).toBe('안녕');
      expect(message.flags).toEqual(new Set(['\\Seen', '$Label']));
      expect(sha(message.source as Buffer)).toBe(sha(raw));
      expect(message.bodyStructure?.type).toBe('text/plain');
      expect(await client.search({ seen: false }, { uid: true })).toEqual([2]);
      expect(await client.search({ subject: '안녕' }, { uid: true })).toEqual([1, 2]);
      await client.messageFlagsAdd('2', ['\\Flagged'], { uid: true });
      expect(await client.messageCopy('1:*', '일/둘', { uid: true })).toMatchObject({
        uidMap: new Map([
          [1, 1],
          [2, 2],
        ]),
      });
      expect(await client.messageMove('2', 'Trash', { uid: true })).toMatchObject({ uidMap: new Map([[2, 1]]) });
      await client.messageDelete('1', { uid: true });
      expect(client.mailbox).toMatchObject({ exists: 0 });
    } finally {
      lock.release();
    }
    expect(await client.status('일/둘', { messages: true, unseen: true, highestModseq: true })).toMatchObject({
      messages: 2,
      unseen: 1,
    });
    await client.mailboxRename('일', '하나');
    await client.mailboxDelete('하나/둘');
    await client.logout();
  });

  test('hears of new mail while idling', async () => {
    const client = imapflow('idler');
    await client.connect();
    await client.mailboxOpen('INBOX');
    const exists = new Promise<number>((resolve) => client.on('exists', ({ count }) => resolve(count)));
    const idling = client.idle();
    await service.deliver('idler', 'INBOX', ['Subject: new\r\n\r\nnew\r\n']);
    expect(await exists).toBe(1);
    await client.noop();
    await idling;
    await client.logout();
  });
});

test('imapflow hears by UID what vanished', async () => {
  const placed = await service.deliver('vanish', 'INBOX', ['Subject: 1\r\n\r\nx\r\n', 'Subject: 2\r\n\r\nx\r\n']);
  const client = imapflow('vanish', false, { qresync: true });
  await client.connect();
  expect(client.enabled).toContain('QRESYNC');
  await client.mailboxOpen('INBOX');
  const gone = new Promise((resolve) => client.on('expunge', resolve));
  const account = await service.account('vanish');
  await account.deleteMessage([placed[0]!.id]);
  await client.noop();
  expect(await gone).toMatchObject({ uid: 1, vanished: true });
  await client.logout();
});

describe('a client that does not read', () => {
  test.each(['NOOP', 'IDLE'])('hears in a %s of 16 MB of news, all of it, when it reads', async (command) => {
    const user = `hears${command.toLowerCase()}`;
    await service.deliver(user, 'INBOX', ['Subject: x\r\n\r\nx\r\n']);
    const account = await service.account(user);
    const inbox = account.folderAt('INBOX')!;
    for (let i = 0; i < 12; i++) await account.copy(account.getMessageIds({ folder: inbox.id }), inbox.id);
    const wire = await service.session(user);
    await wire.write('a SELECT INBOX\r\n');
    await wire.skipToLine('a OK');
    if (command === 'IDLE') await wire.write('b IDLE\r\n');
    if (command === 'IDLE') await wire.skipToLine('+ ');
    wire.socket.pause();
    const keywords = Array.from({ length: 40 }, (_, i) => `${i}${'k'.repeat(90)}`);
    const ids = account.getMessageIds({ folder: inbox.id });
    for (let i = 0; i < ids.length; i += 512) {
      await account.updateMessage(ids.slice(i, i + 512), { mode: 'add', flags: 0, keywords });
    }
    await account.deleteMessage(ids.slice(0, 500));
    await wire.write(command === 'IDLE' ? 'DONE\r\n' : 'b NOOP\r\n');
    wire.socket.resume();
    let expunged = 0;
    let flags = 0;
    for (;;) {
      const line = await wire.line();
      if (line.endsWith(' EXPUNGE')) expunged++;
      else if (line.includes(' FETCH ')) flags++;
      else if (line.startsWith('b ')) break;
    }
    expect(expunged).toBe(500);
    // An idling session may hear of the flags before the messages go.
    expect(flags).toBeGreaterThanOrEqual(3596);
    wire.destroy();
  });

  test('is sent no more than fits, holds up nobody, and gets all of it when it reads', async () => {
    const raw = `Subject: big\r\n\r\n${'0123456789'.repeat(400_000)}\r\n`;
    await service.deliver('big', 'INBOX', [raw]);
    const account = await service.account('big');
    const inbox = account.folderAt('INBOX')!;
    const [id] = account.getMessageIds({ folder: inbox.id });
    for (let i = 0; i < 7; i++) await account.copy([id!], inbox.id);
    const slow = await service.session('big');
    slow.socket.pause();
    const before = buffersAfterCollection();
    await slow.write('a SELECT INBOX\r\nb FETCH 1:* BODY.PEEK[]\r\n');
    // Another session of the same account works meanwhile.
    await service.transcript(`
      big> a SELECT INBOX
      big< ...
      big< /^a OK/
      big> b STORE 1 +FLAGS.SILENT (x)
      big< ...
      big< b OK STORE completed
    `);
    expect(buffersAfterCollection() - before).toBeLessThan(16 << 20);
    slow.socket.resume();
    let bytes = 0;
    for (;;) {
      const line = await slow.line();
      if (line.startsWith('b ')) {
        expect(line).toBe('b OK FETCH completed');
        break;
      }
      const size = /BODY\[\] \{(\d+)\}$/.exec(line)?.[1];
      if (size === undefined) continue;
      const body = await slow.bytes(Number(size));
      expect(sha(body)).toBe(sha(Buffer.from(raw)));
      bytes += body.length;
    }
    expect(bytes).toBe(8 * raw.length);
    slow.destroy();
  });
});
