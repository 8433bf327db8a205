/** Addresses as they come in: none throws, none stalls, groups end, what is accepted stays accepted. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { withoutStall } from '../../test/support/cpu.ts';
import { grammar, RUNS } from '../../test/support/fuzz.ts';
import { decodeAddresses, MAX_ADDRESSES, parseAddressList } from './address.ts';
import { localKey, normalizeDomain, parseMailbox, parsePath } from './path.ts';

describe('addresses', () => {
  const pieces = [
    'a',
    'b.c',
    '@',
    '<',
    '>',
    '"',
    '\\',
    '(',
    ')',
    ',',
    ':',
    ';',
    ' ',
    '\r\n ',
    '[',
    ']',
    '.',
    'a@b.test',
    '<a@b.test>',
    '"a b"',
    '=?utf-8?b?7ZqM?=',
    '@r:',
    'G:',
    '\xc8',
    '한',
    '\0',
    '192.0.2.1',
    'IPv6:',
    '__proto__',
    'xn--',
    '%',
    '-',
    '\u3002',
  ];
  test('lists', () => {
    fc.assert(
      fc.property(grammar(pieces), (text) => {
        const raw = withoutStall(() => parseAddressList(text));
        expect(raw.length).toBeLessThanOrEqual(MAX_ADDRESSES + 1);
        let inGroup = false;
        for (const { kind } of raw) {
          if (kind !== 'mailbox') {
            expect(inGroup).toBe(kind === 'end');
            inGroup = kind === 'group';
          }
        }
        expect(inGroup).toBe(false);
        decodeAddresses(raw);
      }),
      { numRuns: RUNS },
    );
  });

  test('paths: what is accepted is accepted again as it is written out', () => {
    fc.assert(
      fc.property(grammar(pieces, 12), fc.boolean(), (text, utf8) => {
        const result = withoutStall(() => parsePath(`<${text}>`, { utf8, empty: true, postmaster: true }));
        if (!result.ok || result.mailbox === undefined || result.mailbox.domain === '') return;
        const { address, domain, local } = result.mailbox;
        expect(parseMailbox(address)).toEqual(result.mailbox);
        expect(normalizeDomain(domain)).toBe(domain);
        expect(Buffer.byteLength(local)).toBeLessThanOrEqual(64);
        expect(/[\0-\x1f\x7f]/.test(address)).toBe(false);
        expect(localKey(localKey(local))).toBe(localKey(local));
      }),
      { numRuns: RUNS },
    );
  });
});
