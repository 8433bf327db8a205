/** Searching one's mail, and what to search for while typing. */
import { z } from 'zod';
import { shownTexts, textRanges } from '../../../mail/search/document.ts';
import { parseQuery, type SearchQuery } from '../../../mail/search/query.ts';
import { type Snippet, snippetOf } from '../../../mail/search/snippet.ts';
import type { MailAccount, MsgId, SearchHit } from '../../../mailstore/api.ts';
import { positivePhrases } from '../../../mailstore/search/evaluate.ts';
import { suggest } from '../../../mailstore/search/suggest.ts';
import { ownAccount } from '../auth.ts';
import type { App, Services } from '../context.ts';
import * as schemas from '../schemas.ts';
import { summaries } from '../view.ts';

const TAGS = ['search'];
/** Bytes of a message in which a hit is looked for to be shown. */
const LOOKED_AT = 128 << 10;

const q = z
  .string()
  .max(1_000)
  .describe(
    'Words, "phrases", prefix*, -not, OR, ( ), from: to: cc: subject: body: filename: has:attachment is:unread is:flagged before: after: on: ' +
      'older_than: newer_than: larger: smaller: in: label:, and the same in Korean: 보낸사람: 받는사람: 참조: 제목: 본문: 파일: 첨부:있음 상태:안읽음 ' +
      '이전: 이후: 날짜: 폴더: 라벨:. What is no such form is searched as text.',
  );

const hit = schemas.messageSummary.extend({
  snippet: z
    .strictObject({
      text: z.string(),
      hits: z.array(z.tuple([z.int(), z.int()])).describe('From and to, in UTF-16 units of `text`'),
    })
    .nullable()
    .describe('Where in the text it was found; null when it was found elsewhere, as in an attached document'),
});

const answer = schemas.pageOf(hit).extend({
  total: z.int().describe('Messages that match, on all pages'),
  behind: z.int().describe('New messages that are not indexed yet and were not looked at; mostly 0'),
});

export function searchRoutes(app: App, services: Services): void {
  app.get(
    '/v1/search',
    {
      schema: {
        tags: TAGS,
        summary: 'Search all folders, or those named with in:',
        querystring: z.strictObject({
          q,
          ...schemas.pageQuery,
          limit: z.coerce.number().int().min(1).max(100).default(20),
          sort: z.enum(['date', 'relevance']).default('date'),
          order: z.enum(['asc', 'desc']).default('desc').describe('Of dates; by relevance the best come first'),
        }),
        response: { 200: answer, ...schemas.problems(400, 401, 429) },
      },
    },
    async (request, reply) => {
      const account = await ownAccount(request, reply, services);
      const { q: text, limit, cursor, sort, order } = request.query;
      const query = parseQuery(text, services.clock.now());
      const list = JSON.stringify(['search', text, sort, order]);
      const after = cursor === undefined ? undefined : hitOf(services.cursors.read(account.id, list, cursor));
      const found = await services.mailstore.searching(account.id, () =>
        account.search({ query, sort, descending: order === 'desc', limit: limit + 1, ...(after && { after }) }),
      );
      const shown = found.hits.slice(0, limit);
      const last = shown.at(-1);
      const more = last !== undefined && found.hits.length > limit;
      const items = [];
      for (const summary of await summaries(
        account,
        shown.map(({ id }) => id),
      ))
        items.push({ ...summary, snippet: await snippet(account, Number(summary.id) as MsgId, query) });
      return {
        items,
        ...(more && { next: services.cursors.make(account.id, list, [last.key, last.id]) }),
        total: found.total,
        behind: found.behind,
      };
    },
  );

  app.get(
    '/v1/search/suggestions',
    {
      schema: {
        tags: TAGS,
        summary: 'People and words that begin with what was typed',
        querystring: z.strictObject({
          q: z.string().max(100),
          limit: z.coerce.number().int().min(1).max(50).default(8),
        }),
        response: {
          200: z.strictObject({ people: z.array(schemas.address), words: z.array(z.string()) }),
          ...schemas.problems(400, 401, 429),
        },
      },
    },
    async (request, reply) => {
      const account = await ownAccount(request, reply, services);
      const { q: typed, limit } = request.query;
      const { people, words } = await services.mailstore.searching(account.id, () => suggest(account, typed, limit));
      return { people: [...people], words: [...words] };
    },
  );
}

function hitOf(value: unknown): SearchHit {
  const [key, id] = value as [number, MsgId];
  return { key, id };
}

async function snippet(
  account: MailAccount,
  id: MsgId,
  query: SearchQuery,
): Promise<{ text: string; hits: [number, number][] } | null> {
  const phrases = positivePhrases(query);
  if (phrases.length === 0) return null;
  const found = await find(account, id, phrases).catch(() => undefined);
  return found ? { text: found.text, hits: found.hits.map(([start, end]) => [start, end]) } : null;
}

/** A message that is gone or damaged has none. */
async function find(
  account: MailAccount,
  id: MsgId,
  phrases: ReturnType<typeof positivePhrases>,
): Promise<Snippet | undefined> {
  const { details, body } = await account.getMessage(id);
  const { envelope, structure } = details;
  const stretches: { start: number; end: number; bytes: Uint8Array }[] = [];
  let left = LOOKED_AT;
  for (const [start, end] of textRanges(structure)) {
    if (end - start > left) break;
    left -= end - start;
    stretches.push({ start, end, bytes: await body.bytes(start, end) });
  }
  const bytes = (start: number, end: number) =>
    stretches.find((stretch) => stretch.start === start && stretch.end === end)?.bytes;
  return snippetOf(shownTexts({ envelope, structure, bytes }), phrases);
}
