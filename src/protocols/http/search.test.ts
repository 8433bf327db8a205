import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { httpBackend } from '../../../test/support/http.ts';

let http: Awaited<ReturnType<typeof httpBackend>>;
beforeEach(async () => {
  http = await httpBackend();
});
afterEach(() => http.server.close(0));

const deliver = (subject: string, text: string, from = 'Bob Jones <bob@example.test>') =>
  http.deliver(
    http.users.alice,
    [
      `From: ${from}`,
      'To: alice@example.test',
      `Subject: ${subject}`,
      'Content-Type: text/plain; charset=utf-8',
      '',
      text,
    ].join('\r\n'),
  );
const search = async (query: Record<string, string>) =>
  http.alice.as('GET', `/v1/search?${new URLSearchParams(query).toString()}`);
const subjects = async (q: string, more: Record<string, string> = {}) =>
  (await search({ q, ...more })).json.items.map((item: { subject: string }) => item.subject);

describe('GET /v1/search', () => {
  test('finds words, Korean ones too, and marks them', async () => {
    await deliver('weekly', '첨부한 주간회의록을 확인해 주세요. 번역을 부탁드립니다.');
    await deliver('lunch', 'Shall we meet?');
    const { status, json } = await search({ q: '회의록' });
    expect(status).toBe(200);
    expect(json).toMatchObject({ total: 1, behind: 0, items: [{ subject: 'weekly', read: false }] });
    const { text, hits } = json.items[0].snippet;
    expect(hits.map(([from, to]: [number, number]) => text.slice(from, to))).toEqual(['회의록']);
    expect(await subjects('번역')).toEqual(['weekly']);
    expect(await subjects('meeting')).toEqual(['lunch']);
    expect((await search({ q: 'lunch' })).json.items[0].snippet).toBeNull();
  });

  test('goes on where a page ended, and a cursor is good for its search only', async () => {
    for (let i = 0; i < 5; i++) await deliver(`report ${i}`, 'text');
    const first = (await search({ q: 'report', limit: '3' })).json;
    expect(first).toMatchObject({ total: 5 });
    expect(first.items.map((item: { subject: string }) => item.subject)).toEqual(['report 4', 'report 3', 'report 2']);
    // What arrives in between moves nothing.
    await deliver('report 9', 'text');
    expect(await subjects('report', { limit: '3', cursor: first.next })).toEqual(['report 1', 'report 0']);
    expect((await search({ q: 'text', cursor: first.next })).status).toBe(400);
    expect(await subjects('report', { order: 'asc', limit: '2' })).toEqual(['report 0', 'report 1']);
    expect(await subjects('report', { sort: 'relevance' })).toHaveLength(6);
  });

  test('more of one account at once than anybody needs is refused, and goes by (C28)', async () => {
    const end = Promise.withResolvers<void>();
    const busy = () => http.mailstore.searching(http.users.alice.account, () => end.promise);
    const all = Array.from({ length: 20 }, busy);
    const refused = await search({ q: 'x' });
    expect([refused.status, refused.json.code]).toEqual([429, 'too-fast']);
    expect(refused.headers['retry-after']).toBe('60');
    expect((await http.alice.as('GET', '/v1/search/suggestions?q=x')).status).toBe(429);
    expect((await http.bob.as('GET', '/v1/search?q=x')).status).toBe(200);
    end.resolve();
    await Promise.all(all);
    expect((await search({ q: 'x' })).status).toBe(200);
  });

  test('takes whatever is typed', async () => {
    await deliver('x', 'y');
    for (const q of ['', '"', '((((', 'from:', 'before:never', '-', 'OR', '\u0000', '\ud800'])
      expect((await search({ q })).status).toBe(200);
    expect((await http.alice.as('GET', '/v1/search')).status).toBe(400);
    expect((await search({ q: 'x'.repeat(1001) })).status).toBe(400);
  });

  test('finds the mail of the one who asks, and no other', async () => {
    await deliver('secret', 'word');
    expect((await http.bob.as('GET', '/v1/search?q=secret')).json).toMatchObject({ total: 0, items: [] });
  });
});

describe('GET /v1/search/suggestions', () => {
  test('people and words that begin with what was typed, the most frequent first', async () => {
    await deliver('Report of March', 'x');
    await deliver('Reports', 'x', 'Carol Reply <carol@example.test>');
    await deliver('report', 'x');
    await deliver('주간회의록 공유', 'x', '=?utf-8?B?6rmA66+87IiY?= <kim@example.test>');
    const ask = async (q: string) =>
      (await http.alice.as('GET', `/v1/search/suggestions?${new URLSearchParams({ q }).toString()}`)).json;
    expect(await ask('rep')).toEqual({
      people: [{ name: 'Carol Reply', address: 'carol@example.test' }],
      words: ['report', 'Reports'],
    });
    expect(await ask('주간')).toMatchObject({ words: ['주간회의록'] });
    expect(await ask('김민')).toMatchObject({ people: [{ name: '김민수', address: 'kim@example.test' }] });
    expect(await ask('bo')).toMatchObject({ people: [{ address: 'bob@example.test' }], words: [] });
    expect(await ask('!')).toEqual({ people: [], words: [] });
  });
});
