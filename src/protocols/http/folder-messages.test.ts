/** What a folder is listed as: messages, threads, conversations. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { httpBackend } from '../../../test/support/http.ts';
import type { MsgId } from '../../mailstore/api.ts';
import { accountPartition, bucketOf, detailsKey } from '../../mailstore/keys.ts';

let http: Awaited<ReturnType<typeof httpBackend>>;
beforeEach(async () => {
  http = await httpBackend();
});
afterEach(async () => {
  await http.server.close(0);
  expect(http.handles.open, 'account handles left open').toBe(0);
});

const mail = (subject: string, from = 'friend@elsewhere.test') =>
  `From: ${from}\r\nSubject: ${subject}\r\n\r\n${subject}\r\n`;
const deliver = (raw: string | Uint8Array) => http.deliver(http.users.alice, raw);
const get = async (url: string) => await http.alice.as('GET', url);

describe('the list of a folder', () => {
  const subjects = async (query: string) => {
    const { status, json } = await get(`/v1/folders/inbox/messages${query}`);
    expect(status).toBe(200);
    return json.items.map((item: { subject: string }) => item.subject);
  };

  async function fill(): Promise<string[]> {
    const list: [string, string, number][] = [
      ['Re: banana', 'C <c@x.test>', 4],
      ['apple', 'b@x.test', 3],
      ['[list] 다람쥐', '가 <a@x.test>', 2],
      ['Cherry', 'A <z@x.test>', 1],
      ['cherry', 'a <y@x.test>', 5],
    ];
    const ids = [];
    using account = await http.accountOf(http.users.alice);
    const folder = account.folderAt('INBOX')?.id;
    if (folder === undefined) throw new Error('no INBOX');
    for (const [subject, from, day] of list) {
      const raw = Buffer.from(`From: ${from}\r\nSubject: ${subject}\r\n\r\n${'x'.repeat(day * 10)}`);
      ids.push(String((await account.addMessage(raw, { folder, internalDate: Date.UTC(2026, 10, day) })).id));
    }
    return ids;
  }

  test('passes over no message that cannot be read', async () => {
    const [first = ''] = await fill();
    using account = await http.accountOf(http.users.alice);
    const { email } = account.meta(Number(first) as MsgId)!;
    http.kv.damage(accountPartition(account.id), bucketOf(email), detailsKey(email));
    const { json } = await get('/v1/folders/inbox/messages');
    expect(json.items).toHaveLength(5);
    const damaged = json.items.filter((item: { damaged?: true }) => item.damaged);
    expect(damaged).toMatchObject([{ id: first, subject: '', from: [], read: false }]);
    expect((await get(`/v1/messages/${first}`)).json.code).toBe('damaged');
  });

  test('holds only what has attachments when that is asked for, in every order and page after page', async () => {
    const file = (name: string) =>
      `From: ${name}@x.test\r\nSubject: with ${name}\r\nContent-Type: application/pdf\r\nContent-Disposition: attachment; filename=x.pdf\r\n\r\nx`;
    for (const one of ['a', 'b', 'c']) {
      await deliver(mail(`without ${one}`));
      await deliver(file(one));
    }
    expect(await subjects('?attachment=true')).toEqual(['with c', 'with b', 'with a']);
    expect(await subjects('?attachment=true&sort=from&order=asc')).toEqual(['with a', 'with b', 'with c']);
    expect(await subjects('?attachment=true&offset=1&limit=1&sort=size&order=asc')).toEqual(['with b']);
    for (const order of ['sort=date', 'sort=subject&order=desc', 'sort=size']) {
      const seen = [];
      for (let next: string | undefined = ''; next !== undefined; ) {
        const { json } = await get(
          `/v1/folders/inbox/messages?attachment=true&limit=1&${order}${next && `&cursor=${next}`}`,
        );
        seen.push(...json.items.map((item: { subject: string }) => item.subject));
        next = json.next;
      }
      expect(seen, order).toEqual(['with c', 'with b', 'with a']);
    }
    expect((await get('/v1/folders/inbox/messages?attachment=true&offset=0')).json.total).toBe(3);
    expect((await get('/v1/folders/inbox/messages?attachment=false')).status).toBe(400);
  });

  test('is newest first, or as asked', async () => {
    await fill();
    const byDate = ['cherry', 'Re: banana', 'apple', '[list] 다람쥐', 'Cherry'];
    expect(await subjects('')).toEqual(byDate);
    expect(await subjects('?order=asc')).toEqual([...byDate].reverse());
    expect(await subjects('?sort=subject&order=asc')).toEqual([
      'apple',
      'Re: banana',
      'Cherry',
      'cherry',
      '[list] 다람쥐',
    ]);
    expect(await subjects('?sort=from&order=asc')).toEqual([
      'Cherry',
      'cherry',
      'apple',
      'Re: banana',
      '[list] 다람쥐',
    ]);
    expect((await subjects('?sort=size'))[0]).toBe('cherry');
  });

  test('shows the unread or the flagged', async () => {
    const ids = await fill();
    await http.alice.as('PATCH', `/v1/messages/${ids[0]}`, { body: { read: true } });
    await http.alice.as('PATCH', `/v1/messages/${ids[1]}`, { body: { flagged: true } });
    expect(await subjects('?unread=true')).toHaveLength(4);
    expect(await subjects('?unread=false')).toEqual(['Re: banana']);
    expect(await subjects('?flagged=true')).toEqual(['apple']);
    expect(await subjects('?flagged=true&unread=false')).toEqual([]);
  });

  test.each(['date', 'from', 'subject', 'size'])(
    'by %s comes in pages that fit together while mail comes and goes',
    async (sort) => {
      const ids = await fill();
      const all = await subjects(`?sort=${sort}`);
      const first = (await get(`/v1/folders/1/messages?sort=${sort}&limit=2`)).json;
      // The message the first page ended with goes away, one that was shown is marked, and one arrives.
      await http.alice.as('DELETE', `/v1/messages/${first.items[1].id}`);
      await http.alice.as('PATCH', `/v1/messages/${first.items[0].id}`, { body: { read: true } });
      const second = (await get(`/v1/folders/1/messages?sort=${sort}&limit=2&cursor=${first.next}`)).json;
      const third = (await get(`/v1/folders/1/messages?sort=${sort}&limit=2&cursor=${second.next}`)).json;
      const seen = [first, second, third].flatMap((p) => p.items.map((i: { subject: string }) => i.subject));
      expect(seen).toEqual(all);
      expect(third.next).toBeUndefined();
      expect(ids).toHaveLength(5);
    },
  );

  test('refuses cursors it did not give, and limits it does not have (F19)', async () => {
    await fill();
    const { next } = (await get('/v1/folders/1/messages?limit=2')).json;
    const queries =
      `limit=2&sort=size&cursor=${next} limit=2&unread=true&cursor=${next} cursor=AAAA cursor= cursor=${next}x ` +
      `cursor=${'x'.repeat(3_000)} limit=0 limit=-1 limit=201 limit=1e9 limit=x sort=id order=up unread=1 page=2 sort[$gt]= ` +
      'sort=date&sort=from';
    for (const query of queries.split(' '))
      expect((await get(`/v1/folders/1/messages?${query}`)).status, query).toBe(400);
    expect((await get(`/v1/folders/2/messages?limit=2&cursor=${next}`)).status).toBe(400);
    expect((await http.bob.as('GET', `/v1/folders/1/messages?limit=2&cursor=${next}`)).status).toBe(400);
    expect((await get(`/v1/folders/1/messages?limit=2&cursor=${next}`)).status).toBe(200);
  });
});

test('a thread is shown oldest first', async () => {
  const first = await deliver('Message-ID: <1@x>\r\nSubject: talk\r\n\r\n');
  await deliver(mail('something else'));
  await deliver('Message-ID: <2@x>\r\nReferences: <1@x>\r\nSubject: Re: talk\r\n\r\n');
  const { json } = await get(`/v1/threads/${first.thread}`);
  expect(json.items.map((i: { subject: string }) => i.subject)).toEqual(['talk', 'Re: talk']);
});

test('conversations of a folder, the newest first, in pages', async () => {
  const add = (id: string, subject: string, fields = '') =>
    deliver(`Message-ID: <${id}@talks>\r\n${fields}Subject: ${subject}\r\n\r\n`);
  const early = await add('c', 'Re: one', 'In-Reply-To: <b@talks>\r\n');
  await add('x', 'two');
  await add('a', 'one', 'From: Jun <jun@elsewhere.test>\r\n');
  const list = async (query = '') => (await get(`/v1/folders/1/threads${query}`)).json;
  const about = (items: readonly { total: number; newest: { subject: string } }[]) =>
    items.map(({ total, newest }) => `${newest.subject} ${total}`);
  expect(about((await list()).items)).toEqual(['one 1', 'two 1', 'Re: one 1']);
  // What was missing: now they are one.
  await add('b', 'Re: one', 'References: <a@talks>\r\nFrom: Minji <minji@elsewhere.test>\r\n');
  expect(about((await list()).items)).toEqual(['Re: one 3', 'two 1']);
  const first = await list('?limit=1');
  expect(about(first.items)).toEqual(['Re: one 3']);
  expect((await get('/v1/folders/inbox/threads?limit=1')).json.items).toEqual(first.items);
  expect(first.items[0].messages).toHaveLength(3);
  expect(first.items[0].messages).toContain(first.items[0].newest.id);
  expect(first.items[0].people.map((one: { name: string }) => one.name)).toEqual(['Minji', 'Jun']);
  const second = await list(`?limit=1&cursor=${first.next}`);
  expect([about(second.items), second.next]).toEqual([['two 1'], undefined]);
  const { json } = await get(`/v1/threads/${early.thread}`);
  expect(json.items.map((i: { subject: string }) => i.subject)).toEqual(['Re: one', 'one', 'Re: one']);
  expect((await get('/v1/folders/77/threads')).status).toBe(404);
  expect((await get('/v1/threads/nothing')).status).toBe(404);
});
