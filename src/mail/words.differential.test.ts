/** Encoded words and parameters against another implementation, where both should agree: on what is well formed. */
import fc from 'fast-check';
import libmime from 'libmime';
import { describe, expect, test } from 'vitest';
import { decodeParams, parseParameterized } from './params.ts';
import { decodeWords, encodeWords } from './words.ts';

const RUNS = Number(process.env['FUZZ_RUNS'] ?? 500);
const text = fc
  .array(fc.constantFrom('회의', '자료', 'café', 'naïve', '日本', '👍', 'a', 'B c', '-', '?', '=', '_', '(x)'), {
    minLength: 1,
    maxLength: 20,
  })
  .map((list) => list.join(''));

describe('as another implementation has it', () => {
  test('what it encodes, we decode; what we encode, it decodes', () => {
    fc.assert(
      fc.property(
        text,
        fc.constantFrom('Q' as const, 'B' as const),
        fc.integer({ min: 40, max: 75 }),
        (value, encoding, length) => {
          expect(decodeWords(libmime.encodeWord(value, encoding, length))).toBe(value);
          expect(libmime.decodeWords(encodeWords(value))).toBe(value);
        },
      ),
      { numRuns: RUNS },
    );
  });

  test('parameters in every form', () => {
    const token = fc.stringMatching(/^[a-z]{1,8}$/);
    const percent = (value: string): string =>
      [...Buffer.from(value)].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('');
    const form = fc.constantFrom(
      (name: string, value: string) => `${name}="${value.replaceAll(/["\\]/g, '\\$&')}"`,
      (name: string, value: string) => `${name}*=utf-8''${percent(value)}`,
      (name: string, value: string) =>
        `${name}*0*=utf-8'ko'${percent(value.slice(0, 1))}; ${name}*1*=${percent(value.slice(1))}`,
    );
    const param = fc.tuple(token, fc.stringMatching(/^[a-z"\\ ;]{1,8}[a-z]$/), form);
    fc.assert(
      fc.property(fc.uniqueArray(param, { selector: ([name]) => name, maxLength: 5 }), (list) => {
        const header = ['attachment', ...list.map(([name, value, write]) => write(name, value))].join('; ');
        const ours = Object.fromEntries(decodeParams(parseParameterized(header).params));
        expect(ours).toEqual(libmime.parseHeaderValue(header).params);
        expect(ours).toEqual(Object.fromEntries(list.map(([name, value]) => [name, value])));
      }),
      { numRuns: RUNS },
    );
  });
});
