import { expect, test } from 'vitest';
import { type Place, sinkOf } from '../../../test/support/search-oracle.ts';
import { parseMessage } from '../parse.ts';
import { analyse, FIELDS, searchedRanges, shownTexts } from './document.ts';

function words(raw: string) {
  const bytes = Buffer.from(raw.replaceAll('\n', '\r\n'));
  const { envelope, structure } = parseMessage(bytes);
  const noted: Place[] = [];
  const message = { envelope, structure, bytes: (start: number, end: number) => bytes.subarray(start, end) };
  const analysed = analyse(message, sinkOf(noted));
  const found = new Map<string, Set<string>>();
  for (const [term, , field] of noted) found.set(FIELDS[field]!, (found.get(FIELDS[field]!) ?? new Set()).add(term));
  const places = noted.map(([term, position, field]) => [position, field, term] as const);
  const of = (name: string) => [...(found.get(name) ?? [])].join(' ');
  return { of, places, ...analysed, ranges: searchedRanges(structure), shown: [...shownTexts(message)] };
}

const MIXED = `From: =?utf-8?B?6rmA66+87IiY?= <kim.minsu@example.test>
To: Bob <bob@example.test>
Cc: carol@example.test
Bcc: dave@example.test
Subject: =?utf-8?B?7KO86rCEIO2ajOydmA==?= notes
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=x

--x
Content-Type: multipart/alternative; boundary=y

--y
Content-Type: text/plain; charset=utf-8

plain words
--y
Content-Type: text/html; charset=utf-8

<p>plain <b>words</b> and <a href="https://hidden.test">more</a></p>
--y--
--x
Content-Type: text/csv; name="figures_2026.csv"
Content-Disposition: attachment; filename="figures_2026.csv"
Content-Transfer-Encoding: base64

YWxwaGEsYmV0YQ==
--x
Content-Type: message/rfc822

Subject: inner subject
From: eve@example.test

inner text
--x--
`;

test('every field has its words, decoded', () => {
  const found = words(MIXED);
  expect(found.of('subject')).toBe('주간 간 회의 의 notes');
  expect(found.of('from')).toBe('김민 민수 수 kim minsu example test');
  expect(found.of('to')).toBe('bob example test');
  expect(found.of('cc')).toBe('carol example test dave');
  // The other form of the text adds only what is new.
  expect(found.of('body')).toBe('plain words and more');
  expect(found.places.filter(([, , term]) => term === 'plain')).toHaveLength(1);
  expect(found.of('filename')).toBe('figures 2026 csv');
  expect(found.of('attachment')).toBe('alpha beta inner subject eve example test text');
  expect(found.length).toBe(found.places.length);
  expect(found.shown).toEqual(['plain words', 'alpha,beta', 'inner text']);
});

test('positions ascend, and no phrase reaches from one field into the next', () => {
  const { places } = words('Subject: one\nFrom: two@x.test\n\nthree\n');
  let last = -2;
  let field = -1;
  for (const [position, of] of places) {
    expect(position).toBeGreaterThan(of === field ? last : last + 1);
    [last, field] = [position, of];
  }
});

test('what is too much or lies in a message within is said to be left out', () => {
  expect(words('Subject: x\n\nshort\n').partial).toBe(false);
  expect(words(MIXED).partial).toBe(true);
  expect(words(`Subject: x\n\n${'word '.repeat(60_000)}\n`).partial).toBe(true);
  expect(words(`Subject: x\n\n${'a b c d e f '.repeat(20_000)}\n`).length).toBeLessThanOrEqual(60_000);
});

test('only the bytes that were announced are asked for', () => {
  const raw = Buffer.from(MIXED.replaceAll('\n', '\r\n'));
  const { envelope, structure } = parseMessage(raw);
  const announced = searchedRanges(structure);
  const bytes = (start: number, end: number) => {
    expect(announced).toContainEqual([start, end]);
    return raw.subarray(start, end);
  };
  analyse({ envelope, structure, bytes }, sinkOf([]));
});
