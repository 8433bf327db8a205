import { expect, test } from 'vitest';
import { parseQuery, type SearchQuery } from './query.ts';
import { snippetOf } from './snippet.ts';

const phrases = (query: SearchQuery): Extract<SearchQuery, { op: 'phrase' }>[] =>
  query.op === 'phrase' ? [query] : 'of' in query && Array.isArray(query.of) ? query.of.flatMap(phrases) : [];
const marked = (query: string, ...texts: string[]): string | undefined => {
  const found = snippetOf(texts, phrases(parseQuery(query, 0)));
  if (!found) return undefined;
  let shown = '';
  let at = 0;
  for (const [start, end] of found.hits) {
    shown += `${found.text.slice(at, start)}[${found.text.slice(start, end)}]`;
    at = end;
  }
  return shown + found.text.slice(at);
};

test.each([
  ['report', 'The Reports are here', 'The [Reports] are here'],
  ['회의', '주간회의록을 보냅니다', '주간[회의]록을 보냅니다'],
  ['회의록', '주간회의록을 보냅니다', '주간[회의록]을 보냅니다'],
  ['역', '번역을', '번[역]을'],
  ['"alpha beta"', 'beta alpha, Alpha Beta', 'beta alpha, [Alpha] [Beta]'],
  ['abc', 'ＡＢＣ ﬁn abc', '[ＡＢＣ] ﬁn [abc]'],
  ['fin', 'İ ﬁn', 'İ [ﬁn]'],
  ['alp*', 'alphabet\r\n  soup', '[alphabet] soup'],
])('%s in %s', (query, text, expected) => expect(marked(query, text)).toBe(expected));

test('the first text with a hit, around the hit', () => {
  expect(marked('needle', 'nothing', `${'hay '.repeat(100)}needle${' hay'.repeat(100)}`)).toMatch(
    /^hay (hay )*\[needle\]( hay)+/,
  );
  expect(marked('needle', 'hay')).toBeUndefined();
  expect(marked('-needle', 'hay')).toBeUndefined();
});
