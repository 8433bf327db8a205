import { expect, test } from 'vitest';
import { dmarcTags, reportUris, tlsReportUris } from './report-uri.ts';

test.each([
  ['mailto:a@b.test', [{ kind: 'mailto', to: 'a@b.test', host: 'b.test' }]],
  [
    'mailto:dmarc@b.test!10m, mailto:c%2Bx@D.test!500k',
    [
      { kind: 'mailto', to: 'dmarc@b.test', host: 'b.test', most: 10 << 20 },
      { kind: 'mailto', to: 'c+x@d.test', host: 'd.test', most: 500 << 10 },
    ],
  ],
  ['https://R.test/tls?x=1', [{ kind: 'https', to: 'https://r.test/tls?x=1', host: 'r.test' }]],
  ['http://r.test/, ftp://x, a@b.test, mailto:, mailto:a, mailto:%zz@b.test, mailto:a@b.test!10q, mailto:a@b!1!2', []],
  [Array.from({ length: 9 }, (_, i) => `mailto:a${i}@b.test`).join(','), expect.objectContaining({ length: 5 })],
])('%s', (rua, uris) => {
  expect(reportUris(rua)).toEqual(uris);
});

test('records are found by their version, and count when there is one', () => {
  expect(dmarcTags(['v=spf1', ' v = DMARC1 ; P=reject; rua=mailto:a@b.test;'])?.get('p')).toBe('reject');
  for (const texts of [
    [],
    ['v=DMARC1; p=none', 'v=DMARC1; p=none'],
    ['v=DMARC1; p=none; p=none'],
    ['v=DMARC10; p=none'],
  ])
    expect(dmarcTags(texts)).toBeUndefined();
  expect(tlsReportUris(['v=TLSRPTv1; rua=mailto:a@b.test'])).toHaveLength(1);
  expect(tlsReportUris(['v=TLSRPTv1; rua=mailto:a@b.test', 'v=TLSRPTv1;rua=mailto:a@b.test'])).toEqual([]);
});
