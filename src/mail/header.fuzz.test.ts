/** Header fields as they come in: none throws, none stalls, each lies in its block. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { withoutStall } from '../../test/support/cpu.ts';
import { grammar, RUNS } from '../../test/support/fuzz.ts';
import { envelope } from './envelope.ts';
import { HeaderBlock, selectFields } from './header.ts';

describe('headers', () => {
  const pieces = [
    'A: ',
    'b',
    '\r\n',
    '\n',
    ' ',
    '\t',
    ':',
    '\r',
    '\r\n ',
    'Subject: ',
    'X Y: ',
    'From a@b',
    '\0',
    '\xff',
    '__proto__:',
    'To :',
    '\r\n\r\n',
  ];
  test('fields lie in the block, in order; selecting all gives the block', () => {
    fc.assert(
      fc.property(grammar(pieces), (text) => {
        const bytes = Buffer.from(text, 'latin1');
        const block = withoutStall(() => HeaderBlock.parse(bytes));
        let end = 0;
        for (const field of block.fields) {
          expect(field.start).toBeGreaterThanOrEqual(end);
          expect(field.value).toBeGreaterThan(field.start);
          expect(field.end).toBeGreaterThanOrEqual(field.value);
          expect(block.valueOf(field)).not.toMatch(/\r?\n/);
          ({ end } = field);
        }
        expect(end).toBeLessThanOrEqual(bytes.length);
        withoutStall(() => envelope(bytes));
        const all = selectFields(bytes, new Set(), true);
        expect(bytes.subarray(0, all.length).equals(all)).toBe(true);
      }),
      { numRuns: RUNS },
    );
  });
});
