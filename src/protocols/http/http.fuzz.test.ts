import fc from 'fast-check';
import { expect, test } from 'vitest';
import { httpBackend } from '../../../test/support/http.ts';
import { contentDisposition, safeName } from './content.ts';
import { cleanHtml } from './html-clean.ts';
import { parseJson } from './json.ts';
import { Problem } from './reply.ts';

const RUNS = Number(process.env['FUZZ_RUNS'] ?? 20_000);

test('JSON is read as JSON.parse would, or refused', () => {
  const unit = fc.constantFrom(
    '{',
    '}',
    '[',
    ']',
    ',',
    ':',
    '"',
    '\\',
    '"a"',
    '"__proto__"',
    '1',
    'null',
    '\\u005f',
    ' ',
  );
  const text = fc.oneof(
    fc.json(),
    fc.array(unit, { maxLength: 30 }).map((u) => u.join('')),
  );
  fc.assert(
    fc.property(text, (json) => {
      let read: unknown;
      try {
        read = parseJson(Buffer.from(json), { depth: 8, tokens: 50 });
      } catch (error) {
        expect(error).toBeInstanceOf(Problem);
        return;
      }
      expect(read).toEqual(JSON.parse(json));
    }),
    { numRuns: RUNS },
  );
});

test('a download name never leaves its header nor its folder', () => {
  const name = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 300 }),
    fc
      .array(
        fc.constantFrom('../', '..\\', '\r\n', '"', ';', '\u202e', '\0', 'CON', '.', '%', '한', '\u{1f600}', '\ud800'),
      )
      .map((p) => p.join('')),
  );
  fc.assert(
    fc.property(name, (given) => {
      const safe = safeName(given);
      expect(safe).not.toMatch(/[/\\\p{Cc}]|^\./u);
      expect(safe.length).toBeGreaterThan(0);
      const header = contentDisposition(given);
      expect(header).toMatch(
        /^attachment; filename="[\x20-\x21\x23-\x7e]*"(?:; filename\*=UTF-8''[A-Za-z0-9!#$&+.^_`|~%-]*)?$/,
      );
    }),
    { numRuns: RUNS },
  );
});

test('cleaned HTML has nothing that runs or loads', () => {
  const pieces =
    `< > " ' / = <!-- --> <![CDATA[ ]]> &lt; &#x6a;avascript: javascript: x <script </script> <img~src= <a~href= <svg <math> ` +
    '<style> </style> <iframe~ <base~ <form~ <p~ </p> onerror= onclick= style= src= srcset= background= http://evil.test/ cid:1 ' +
    'data:text/html, <noscript> <template> <textarea> <title> ~';
  const unit = fc.constantFrom(...pieces.split(' ').map((piece) => piece.replace('~', ' ')));
  fc.assert(
    fc.property(fc.array(unit, { maxLength: 25 }), (units) => {
      const clean = cleanHtml(units.join('')).html;
      for (const [tag] of clean.matchAll(/<[^>]*>/g)) {
        expect(tag).toMatch(/^<\/?(?:p|a|img)\b/);
        expect(tag).not.toMatch(
          /\son\w+=|\sstyle=|\ssrcset=|\sbackground=|\ssrc="(?!cid:)|\shref="(?!https?:|mailto:|tel:)/i,
        );
      }
      for (const [tag] of cleanHtml(units.join(''), { page: true }).html.matchAll(/<[^>]*>/g))
        expect(tag).not.toMatch(/\son\w+=|\ssrcset=|\sbackground=|\ssrc="(?!cid:|data:image)|\sstyle="[^"]*url/i);
    }),
    { numRuns: RUNS / 2 },
  );
});

test('no request, however odd, is answered with a fault of ours', async () => {
  const http = await httpBackend();
  await using _server = http.server;
  await http.deliver(http.users.alice, 'Subject: x\r\n\r\nx\r\n');
  const urls = http.server.routes.filter(
    (r) => r.url.startsWith('/v1/') && r.url !== '/v1/events' && r.method !== 'HEAD',
  );
  const id = fc.oneof(
    fc.constantFrom('1', '2', '0', 'inbox', 'trash', '__proto__', '%00', '99999999999'),
    fc.string({ maxLength: 10 }),
  );
  const scalar = fc.oneof(
    fc.constantFrom('1', 'inbox', 'INBOX', '', '__proto__', 'a/b'),
    fc.string(),
    fc.integer(),
    fc.boolean(),
    fc.constant(null),
  );
  const key = fc.constantFrom(
    'name',
    'parent',
    'description',
    'ids',
    'change',
    'delete',
    'read',
    'flagged',
    'folder',
    'keywords',
    'add',
    'remove',
    'address',
    'password',
    'constructor',
    'x',
  );
  const { body } = fc.letrec((tie) => ({
    body: fc.oneof(
      { maxDepth: 3 },
      scalar,
      fc.array(tie('body'), { maxLength: 4 }),
      fc.dictionary(key, tie('body'), { maxKeys: 4 }),
    ),
  }));
  const request = fc.record({
    route: fc.constantFrom(...urls),
    ids: fc.tuple(id, id),
    query: fc.dictionary(
      fc.constantFrom('limit', 'cursor', 'sort', 'order', 'unread', 'x'),
      fc.oneof(fc.constantFrom('1', 'true', 'date', 'asc'), fc.string()),
      { maxKeys: 2 },
    ),
    body: fc.oneof({ weight: 4, arbitrary: body.map((b) => JSON.stringify(b)) }, fc.string()),
    type: fc.constantFrom(
      'application/json',
      'application/json',
      'application/json',
      'text/plain',
      'multipart/form-data; boundary=x',
      '',
    ),
    header: fc.constantFrom('x-nothing', 'idempotency-key', 'range', 'accept', 'content-encoding'),
    value: fc.oneof(
      fc.constantFrom('k', 'bytes=0-0', 'gzip'),
      fc.string({ maxLength: 8 }).map((s) => s.replaceAll(/[^\x20-\x7e]/g, '')),
    ),
  });
  await fc.assert(
    fc.asyncProperty(request, async ({ route, ids, query, body, type, header, value }) => {
      let n = 0;
      const url = route.url.replaceAll(/:\w+/g, () => encodeURIComponent((ids[n++ % 2] ?? '').toWellFormed()));
      const search = new URLSearchParams(Object.entries(query)).toString();
      // Signing out would make the rest dull.
      if (route.method === 'DELETE' && route.url === '/v1/session') return;
      const sent = route.method === 'GET' ? {} : { body };
      const { status, headers } = await http.alice.as(route.method, `${url}?${search}`, {
        ...sent,
        headers: { ...(type !== '' && { 'content-type': type }), [header]: value },
      });
      expect(status, `${route.method} ${url} ${body}`).toBeLessThan(500);
      if (status >= 400) expect(headers['content-type']).toMatch(/^application\/problem\+json/);
    }),
    { numRuns: RUNS },
  );
});
