import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FieldBit } from './document.ts';
import { parseQuery, type SearchQuery } from './query.ts';

const NOW = Date.UTC(2026, 10, 21, 12);
const DAY = 86_400_000;

/** Short, for reading. */
function shown(query: SearchQuery): string {
  switch (query.op) {
    case 'and':
    case 'or':
      return `(${query.of.map(shown).join(query.op === 'and' ? ' ' : ' | ')})`;
    case 'not':
      return `-${shown(query.of)}`;
    case 'phrase': {
      const names = Object.entries(FieldBit).flatMap(([name, bit]) => (query.fields & bit ? [name] : []));
      const terms = query.terms.map(
        ({ at, term, match }) => `${at}:${term}${{ exact: '', stem: '~', prefix: '*' }[match]}`,
      );
      return `${names.length < 7 ? `${names.join('+')}=` : ''}${terms.join(',')}`;
    }
    case 'date':
      return `${query.from === undefined ? '' : new Date(query.from).toISOString().slice(0, 10)}..${query.to === undefined ? '' : new Date(query.to).toISOString().slice(0, 10)}`;
    case 'flag':
      return `${query.set ? '' : 'not '}${query.flag}`;
    case 'larger':
    case 'smaller':
      return `${query.op} ${query.bytes}`;
    case 'in':
      return `in ${query.folder}`;
    case 'keyword':
      return `keyword ${query.keyword}`;
    default:
      return query.op;
  }
}

const parsed = (text: string): string => shown(parseQuery(text, NOW));

describe('a query', () => {
  test.each([
    ['Hello world', '(0:hello~ 0:world~)'],
    ['"Hello world"', '0:hello,1:world'],
    ['inv*', '0:inv*'],
    ['-spam ham', '(-0:spam~ 0:ham~)'],
    ['a OR b c', '(0:a~ | (0:b~ 0:c~))'],
    ['(a OR b) c', '((0:a~ | 0:b~) 0:c~)'],
    ['회의록', '0:회의,1:의록'],
    ['역', '0:역*'],
    ['3분기 보고서', '((0:3,1:분기) (0:보고,1:고서))'.replaceAll('((', '(').replace(') (', ' ').replaceAll('))', ')')],
    ['from:kim@example.test', 'from=0:kim,1:example,2:test'],
    ['보낸사람:김민수 제목:"주간 회의"', '(from=0:김민,1:민수 subject=0:주간,2:회의)'],
    ['받는사람:bob 참조:carol', '(to=0:bob~ cc=0:carol~)'],
    ['has:attachment is:unread is:flagged', '(attachment not seen flagged)'],
    ['첨부:있음 상태:안읽음 안읽음:', '(attachment not seen not seen)'],
    ['첨부:보고서', 'filename+attachment=0:보고,1:고서'],
    ['첨부:없음', '-attachment'],
    ['before:2026-11-01 after:2026/1/5', '(..2026-11-01 2026-01-05..)'],
    ['날짜:2026년11월 on:20261121', '(2026-11-01..2026-12-01 2026-11-21..2026-11-22)'],
    ['이전:어제', '..2026-11-20'],
    ['larger:10M smaller:1.5k 큰:1GB', '(larger 10485760 smaller 1536 larger 1073741824)'],
    ['in:inbox 폴더:"보낸 편지함" label:Todo', '(in inbox in 보낸 편지함 keyword todo)'],
    ['filename:report.pdf', 'filename=0:report,1:pdf'],
    // What is no form is text.
    ['before:never', '0:before,1:never'],
    ['https://example.test/x', '0:https,1:example,2:test,3:x'],
    ['is:', '0:is~'],
    ['', 'all'],
    ['!!! ---', 'all'],
    ['"unclosed phrase', '0:unclosed,1:phrase'],
    ['((((a', '0:a~'],
    ['a)) b', '(0:a~ 0:b~)'],
    ['OR OR a OR', '0:a~'],
    ['from:"', 'all'],
    ['-(a b)', '-(0:a~ 0:b~)'],
    ['constructor:x __proto__:y', '(0:constructor,1:x 0:proto,1:y)'],
  ])('%s', (text, expected) => expect(parsed(text)).toBe(expected));

  test('ages count back from now', () => {
    expect(parseQuery('older_than:2w', NOW)).toEqual({ op: 'date', from: undefined, to: NOW - 14 * DAY });
    expect(parseQuery('최근:3개월', NOW)).toEqual({ op: 'date', from: NOW - 90 * DAY, to: undefined });
  });

  test('is bounded, whatever it is', () => {
    const piece = fc.constantFrom('(', ')', '-', '"', 'OR', 'from:', 'a', '가나', ':', ' ', '*', 'in:', '\ud800', '“');
    const text = fc.array(piece, { maxLength: 400 }).map((all) => all.join(''));
    fc.assert(
      fc.property(text, (q) => {
        let parts = 0;
        const walk = (query: SearchQuery, depth: number): void => {
          parts++;
          expect(depth).toBeLessThan(40);
          if (query.op === 'and' || query.op === 'or') for (const of of query.of) walk(of, depth + 1);
          if (query.op === 'not') walk(query.of, depth + 1);
        };
        walk(parseQuery(q, NOW), 0);
        expect(parts).toBeLessThan(250);
      }),
      { numRuns: 500 },
    );
  });
});
