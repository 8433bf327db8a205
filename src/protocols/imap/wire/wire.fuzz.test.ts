import fc from 'fast-check';
import { afterEach, expect, test } from 'vitest';
import { MailError } from '../../../mail/error.ts';
import { dateTime } from './date.ts';
import { announcedLiteral, Decoder } from './decoder.ts';
import { fetchItems } from './fetch-item.ts';
import { flagList } from './flag.ts';
import { ListPattern } from './list-pattern.ts';
import { decodeMailboxName, encodeMailboxName } from './mailbox-name.ts';
import { searchProgram } from './search-key.ts';
import { section, sectionLabel } from './section.ts';
import { formatSet, positionsOf, sequenceSet, spansOfNumbersThatExist, spansOfUids } from './sequence-set.ts';
import { withoutStall } from '../../../../test/support/cpu.ts';
import { RUNS } from '../../../../test/support/fuzz.ts';

const pristine = Object.getOwnPropertyNames(Object.prototype).sort();
afterEach(() => expect(Object.getOwnPropertyNames(Object.prototype).sort()).toEqual(pristine));

/** Reads what can be read; only a syntax error may say that it cannot. */
function read<T>(text: Buffer, parse: (d: Decoder) => T): T | undefined {
  return withoutStall(() => {
    try {
      const d = new Decoder([{ text }]);
      const value = parse(d);
      d.end();
      return value;
    } catch (error) {
      if (error instanceof MailError && (error.code === 'syntax' || error.code === 'folder-name')) return undefined;
      throw error;
    }
  });
}

/** Words of a grammar in any order, with a few bytes of anything between them. */
const made = (...words: readonly string[]): fc.Arbitrary<Buffer> =>
  fc
    .array(
      fc.oneof({ weight: 12, arbitrary: fc.constantFrom(...words) }, fc.string({ unit: 'binary', maxLength: 4 })),
      { maxLength: 30 },
    )
    .map((parts) => Buffer.from(parts.join(''), 'latin1'));

const check = <T>(arbitrary: fc.Arbitrary<T>, property: (value: T) => void): void =>
  fc.assert(fc.property(arbitrary, property), { numRuns: RUNS });

test('modified UTF-7: every name comes back, and only one spelling of it', () => {
  check(fc.string({ unit: 'grapheme', maxLength: 40 }), (name) => {
    const wire = encodeMailboxName(name);
    expect(wire).toMatch(/^[ -~]*$/);
    expect(withoutStall(() => decodeMailboxName(wire))).toBe(name);
  });
  check(
    fc.string({
      unit: fc.constantFrom('&', '-', '+', ',', '/', 'A', 'B', 'Z', 'a', 'z', '0', '9', ' ', 'é', '\u0000', '\ud83d'),
      maxLength: 30,
    }),
    (wire) => {
      const name = withoutStall(() => decodeMailboxName(wire));
      if (name !== undefined) expect(encodeMailboxName(name)).toBe(wire);
    },
  );
});

test('sequence sets: what is read names the positions that a naive reading names', () => {
  const uids = Uint32Array.from([2, 3, 5, 8, 13, 4_294_967_290]);
  const view = { uids, length: uids.length };
  check(made('1', '2', '5', '13', ':', ',', '*', '4294967295', '4294967296', '0', ' '), (text) => {
    const set = read(text, sequenceSet);
    if (set === undefined) return;
    const within = (n: number, last: number): boolean =>
      set.some(([a, b]) => {
        const [x, y] = [a === -1 ? last : a, b === -1 ? last : b];
        return n >= Math.min(x, y) && n <= Math.max(x, y);
      });
    const last = uids.at(-1) as number;
    expect([...positionsOf(spansOfUids(set, view))]).toEqual(
      [...uids.keys()].filter((i) => within(uids[i] as number, last)),
    );
    expect([...positionsOf(spansOfNumbersThatExist(set, view))]).toEqual(
      [...uids.keys()].filter((i) => within(i + 1, uids.length)),
    );
  });
  check(fc.array(fc.integer({ min: 1, max: 50 })), (numbers) => {
    const text = formatSet(numbers);
    if (numbers.length > 0) expect(read(Buffer.from(text), sequenceSet)).toBeDefined();
  });
});

test('sections: what is read is answered so that it can be read again', () => {
  const words = [
    '[',
    ']',
    '1',
    '2',
    '.',
    'HEADER',
    'HEADER.FIELDS',
    '.NOT',
    ' ',
    '(',
    ')',
    'From',
    '"a b"',
    'TEXT',
    'MIME',
    '<',
    '>',
    '0',
    '99',
  ];
  check(made(...words), (text) => {
    const found = read(text, section);
    if (found === undefined) return;
    const label = sectionLabel('BODY', found);
    const again = Buffer.from(label.slice('BODY'.length).replace(/<(\d+)>$/, '<$1.1>'), 'latin1');
    expect(read(again, section)).toMatchObject({ path: found.path, text: found.text, fields: found.fields });
  });
});

test('FETCH items, flags and dates: read or refused, never more', () => {
  const fetchWords = [
    '(',
    ')',
    ' ',
    'FLAGS',
    'BODY',
    '.PEEK',
    '[',
    ']',
    '1.2',
    'HEADER.FIELDS (X)',
    '<0.1>',
    'RFC822',
    '.SIZE',
    'ALL',
    'ENVELOPE',
  ];
  check(made(...fetchWords), (text) => void read(text, fetchItems));
  check(made('(', ')', ' ', '\\Seen', '\\', 'Foo', '$x', '__proto__'), (text) => void read(text, flagList));
  check(
    made('"', ' 1', '01', '-', 'Feb', '2024', ' ', '00:00:00', '+0000', '-9999'),
    (text) => void read(text, dateTime),
  );
});

test('search keys: read or refused, however they are nested', () => {
  const searchWords = [
    'NOT ',
    'OR ',
    'ALL',
    ' ',
    '(',
    ')',
    'FROM ',
    '"x"',
    'HEADER ',
    '1:*',
    'UID 1',
    'ON ',
    '1-Feb-2024',
    'MODSEQ 1',
    'KEYWORD ',
  ];
  check(made(...searchWords), (text) => void read(text, (d) => searchProgram(d, (bytes) => bytes.toString())));
});

test('strings and literals: read or refused, never more', () => {
  check(made('"', '\\', 'a', '{', '}', '3', 'NIL', '('), (text) => void read(text, (d) => d.astring()));
  check(made('a ', 'LOGIN', '{', '}', '+', '~', '9', '4294967295'), (text) => {
    const found = withoutStall(() => announcedLiteral(text));
    if (found !== undefined) expect(Number.isSafeInteger(found.literal.size) && found.literal.size >= 0).toBe(true);
  });
});

test('LIST patterns agree with a regular expression, and none is slow', () => {
  const text = fc.string({ unit: fc.constantFrom('a', 'b', '/', '*', '%'), maxLength: 12 });
  check(fc.tuple(text, text), ([pattern, name]) => {
    const path = name.replaceAll(/[*%]/g, 'c');
    const naive = new RegExp(`^${pattern.replaceAll('*', '(?:.|\\n)*').replaceAll('%', '[^/]*')}$`);
    expect(new ListPattern(pattern).matches(path)).toBe(naive.test(path));
  });
  check(fc.string({ unit: fc.constantFrom('a', '*', '%', '/'), minLength: 900, maxLength: 1000 }), (pattern) => {
    const matcher = new ListPattern(pattern);
    withoutStall(() => matcher.matches('a/'.repeat(125)));
  });
});
