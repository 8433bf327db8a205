/**
 * Each agent of the service end to end, in Korean and in English: mail comes over SMTP, its owner has set up over the API what is to
 * happen, and sees it over IMAP and the API.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ImapClient } from '../client/imap.ts';
import { SmtpClient } from '../client/smtp.ts';
import { Service } from '../service.ts';

let service: Service;
beforeAll(async () => {
  service = await Service.start();
});
afterAll(async () => {
  await service[Symbol.asyncDispose]();
});

// oxlint-disable-next-line typescript/no-explicit-any -- answers of every shape are looked into
type Api = (method: string, path: string, body?: object) => Promise<any>;

async function api(address: string): Promise<Api> {
  // oxlint-disable-next-line typescript/no-explicit-any -- as above
  const ask = async (method: string, path: string, body?: object, token = ''): Promise<any> => {
    const headers = {
      ...(body && { 'content-type': 'application/json' }),
      ...(token && { authorization: `Bearer ${token}` }),
    }; // prettier-ignore
    const answer = await fetch(`http://${service.at('http')}${path}`, {
      method,
      headers,
      ...(body && { body: JSON.stringify(body) }),
    }); // prettier-ignore
    expect(answer.ok, `${method} ${path}: ${answer.status}`).toBe(true);
    return answer.status === 204 ? undefined : await answer.json();
  };
  const { token } = await ask('POST', '/v1/session', { address, password: 'pass' });
  return (method, path, body) => ask(method, path, body, token);
}

async function until(is: () => Promise<boolean>): Promise<void> {
  while (!(await is())) await sleep(20);
}

const encoded = (text: string): string => `=?utf-8?b?${Buffer.from(text).toString('base64')}?=`;

describe.each([
  {
    language: 'ko',
    words: {
      meeting: '회의',
      note: '부재중입니다. 월요일에 뵙겠습니다.',
      away: '부재',
      offer: '견적서',
      oops: '잘못 보낸 메일',
    },
    answer: '현재 부재중입니다',
    receipt: '읽음: 견적서',
    fresh: '새 메일',
  },
  {
    language: 'en',
    words: {
      meeting: 'meeting',
      note: 'I am away until Monday.',
      away: 'Away',
      offer: 'offer',
      oops: 'sent by mistake',
    },
    answer: 'is away at the moment',
    receipt: 'Read: offer',
    fresh: 'New',
  },
])('agents in $language', ({ language, words, answer, receipt, fresh }) => {
  const owner = `owner-${language}@mail.test`;
  const friend = `friend-${language}@mail.test`;

  const program = async (address: string): Promise<ImapClient> => {
    const imap = await ImapClient.connect(service.at('imap'));
    await imap.login(address, 'pass');
    return imap;
  };
  const mail = (from: string, to: string, subject: string, more = ''): Buffer =>
    Buffer.from(`From: <${from}>\r\nTo: <${to}>\r\nSubject: ${encoded(subject)}\r\n${more}\r\ntext\r\n`);
  const arrives = async (from: string, to: string, subject: string): Promise<void> => {
    await using smtp = await SmtpClient.connect(service.at('smtp'));
    expect((await smtp.send(from, [to], mail(from, to, subject)))[0]?.code).toBe(250);
  };
  const raws = async (imap: ImapClient, folder = 'INBOX'): Promise<string[]> =>
    (await Array.fromAsync(imap.messages(folder))).map(({ raw }) => raw.toString());

  test('rules, classification, reject list and the folder for new mail', async () => {
    const me = await api(owner);
    await me('PUT', '/v1/settings/language', { language });
    await arrives(friend, owner, `1 ${words.meeting}`);
    await using imap = await program(owner);
    await until(async () => (await imap.count('INBOX')) === 1);
    const { id: folder } = await me('POST', '/v1/folders', { name: words.meeting });
    const condition = { field: 'subject', comparison: 'contains', value: words.meeting };
    await me('POST', '/v1/rules', { conditions: [condition], actions: [{ do: 'move', folder }] });
    await me('PUT', '/v1/reject-list', { items: [{ sender: `ads-${language}.example`, action: 'junk' }] });
    await me('PUT', '/v1/settings/new-mail', { enabled: true });
    await arrives(friend, owner, `2 ${words.meeting}`);
    await arrives(`x@ads-${language}.example`, owner, 'ad');
    await arrives(friend, owner, 'hello');
    const list = async (at: string) => (await me('GET', `/v1/folders/${at}/messages`)).items;
    const { folder: newMail } = await me('GET', '/v1/settings/new-mail');
    await until(async () => (await list(newMail)).length === 1 && (await list('junk')).length === 1);
    expect((await me('GET', '/v1/folders')).items.map(({ name }: { name: string }) => name)).toContain(fresh);
    await until(async () => (await list(folder)).length === 1);
    // The mail that was there before the rule.
    const { id: run } = await me('POST', '/v1/classifications', {});
    await until(async () => (await me('GET', `/v1/classifications/${run}`)).state === 'done');
    const moved = (await list(folder)).map(({ subject }: { subject: string }) => subject);
    expect(moved.toSorted()).toEqual([`1 ${words.meeting}`, `2 ${words.meeting}`]);
    expect(await imap.count('INBOX')).toBe(0);
    // What is read leaves the folder for new mail by itself.
    const [{ id }] = await list(newMail);
    await me('PATCH', `/v1/messages/${id}`, { read: true });
    await until(async () => (await imap.count('INBOX')) === 1);
    await me('PUT', '/v1/settings/new-mail', { enabled: false });
  });

  test('absence, with the owner’s words and without', async () => {
    const me = await api(owner);
    const away = { enabled: true, from: '2026-01-01T00:00' };
    await me('PUT', '/v1/settings/absence', {
      ...away,
      subject: words.away,
      text: words.note,
      html: `<p>${words.note}</p>`,
    });
    const first = `one-${language}@mail.test`;
    await using mine = await program(owner);
    const before = await mine.count('INBOX');
    await arrives(first, owner, 'hello');
    await arrives(first, owner, 'hello again');
    // What is filed was answered, or not.
    await until(async () => (await mine.count('INBOX')) === before + 2);
    await using imap = await program(first);
    await until(async () => (await imap.count('INBOX')) > 0);
    await me('PUT', '/v1/settings/absence', away);
    const second = `two-${language}@mail.test`;
    await arrives(second, owner, 'hello');
    await using other = await program(second);
    await until(async () => (await other.count('INBOX')) > 0);
    await me('PUT', '/v1/settings/absence', { enabled: false });
    const answered = await (await api(first))('GET', '/v1/folders/inbox/messages');
    expect(answered.items).toMatchObject([{ subject: words.away, preview: words.note }]);
    const [{ id }] = (await (await api(second))('GET', '/v1/folders/inbox/messages')).items;
    expect((await (await api(second))('GET', `/v1/messages/${id}`)).text).toContain(answer);
    const [raw = ''] = await raws(imap);
    for (const part of [/^Return-Path: <>/m, /^Auto-Submitted: auto-replied/m, /multipart\/alternative/])
      expect(raw).toMatch(part);
  });

  test('a receipt that a mail program asks for, and its reader gives', async () => {
    const reader = `reader-${language}@mail.test`;
    const read = await api(reader);
    await read('PUT', '/v1/settings/language', { language });
    await using smtp = await SmtpClient.connect(service.at('submission'));
    await smtp.login(owner, 'pass');
    const asks = `Message-ID: <asks-${language}@mail.test>\r\nDisposition-Notification-To: <${owner}>\r\n`;
    expect((await smtp.send(owner, [reader], mail(owner, reader, words.offer, asks)))[0]?.code).toBe(250);
    await using imap = await program(reader);
    await until(async () => (await imap.count('INBOX')) === 1);
    const [{ id }] = (await read('GET', '/v1/folders/inbox/messages')).items;
    expect((await read('GET', `/v1/messages/${id}`)).receiptRequested).toEqual({ to: [owner] });
    await read('POST', `/v1/messages/${id}/receipt`, { answer: 'displayed' });
    expect((await Array.fromAsync(imap.messages('INBOX')))[0]?.flags).toContain('$MDNSent');
    const me = await api(owner);
    const found = async () => (await me('GET', `/v1/search?q=${encodeURIComponent(words.offer)}`)).items;
    await until(async () => (await found()).some(({ subject }: { subject: string }) => subject === receipt));
    const { items } = await me('GET', '/v1/submissions');
    const { id: sent } = items.find(({ subject }: { subject: string }) => subject === words.offer);
    const recipients = async () => (await me('GET', `/v1/submissions/${sent}`)).recipients;
    await until(async () => (await recipients())[0].state === 'delivered');
    expect(await recipients()).toMatchObject([{ receipt: { disposition: 'displayed', proven: true } }]);
  });

  test('a mail that is taken back before it is opened, and one after', async () => {
    const me = await api(owner);
    const reader = `second-${language}@mail.test`;
    await using imap = await program(reader);
    await imap.ok('SELECT INBOX');
    const send = async () => (await me('POST', '/v1/messages', { to: [reader], subject: words.oops, text: 'x' })).id;
    const result = async (id: string) => (await me('GET', `/v1/submissions/${id}`)).recipients[0].recall;
    const unread = await send();
    await until(async () => (await imap.count('INBOX')) === 1);
    await me('POST', `/v1/submissions/${unread}/recall`);
    await until(async () => (await result(unread)) !== 'asked');
    expect([await result(unread), await imap.count('INBOX')]).toEqual(['withdrawn', 0]);
    expect((await (await api(reader))('GET', '/v1/recalled')).items).toMatchObject([{ from: owner }]);
    const read = await send();
    await until(async () => (await imap.count('INBOX')) === 1);
    await imap.ok('SELECT INBOX');
    await imap.ok('UID STORE 1:* +FLAGS (\\Seen)');
    await me('POST', `/v1/submissions/${read}/recall`);
    await until(async () => (await result(read)) !== 'asked');
    expect([await result(read), await imap.count('INBOX')]).toEqual(['too-late', 1]);
  });
});
