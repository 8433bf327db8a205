/** Whatever a script or a mail says: nothing but a `SieveError`, nothing stalls. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MAIL, sieve } from '../../../test/support/sieve.ts';
import { compileSieve } from './check.ts';
import { SieveError } from './error.ts';
import { REGISTRY } from './extensions.ts';
import { find } from './find.ts';
import { Glob } from './glob.ts';
import { Regex } from './regex.ts';

const RUNS = Number(process.env['FUZZ_RUNS'] ?? 20_000);

const REQUIRE = `require [${[...REGISTRY.capabilities].map((name) => `"${name}"`).join(', ')}];\n`;
const PIECES = [
  ...[...REGISTRY.commands.keys(), ...REGISTRY.tests.keys(), 'if', 'elsif', 'else'].map((name) => ` ${name} `),
  ...['is', 'contains', 'matches', 'regex', 'count', 'value', 'comparator', 'all', 'domain', 'detail'].map(
    (t) => ` :${t} `,
  ), // prettier-ignore
  ...[...REGISTRY.tags.values()].flatMap((tags) => [...tags.keys()].map((name) => ` :${name} `)),
  '"a"',
  '"from"',
  '"subject"',
  '"*e*"',
  '"${a}"',
  '"${1}"',
  '"gt"',
  '"\\\\Seen"',
  '"i;octet"',
  '"year"',
  '"(a|b)*"',
  '"bob@example.test"',
  '"mailto:a@b.example"',
  '["to", "cc"]',
  '1',
  '2K',
  'text:\nx\n.\n',
  '# c\n',
  '/* c */',
  '(',
  ')',
  '{',
  '}',
  ',',
  ';',
  '[',
  ']',
  '"',
  ' true ',
  ' not ',
  '; keep; ',
  ' { keep; } ',
  '${',
  '\\',
];

const SCRIPTS = [
  'if anyof (header :contains ["from", "to"] "a", not exists "x") { fileinto :copy :create :flags "a" "B"; } else { keep; }',
  'set :upper "a" "${1}"; if string :matches "${a}" "*?" { fileinto "x${1}"; } elsif size :over 1K { discard; }',
  'if address :detail :regex "from" "^n(.*)s$" { addflag "v" "${1}"; vacation :days 3 :subject "s" "r"; }',
  'if allof (date :value "ge" "date" "hour" "09", body :content "text" :contains "at", duplicate :last) { stop; }',
  'addheader "X" "${0}"; deleteheader :index 1 :matches "to" "*b*"; notify :importance "1" "mailto:a@b.example";',
  'if header :count "gt" :comparator "i;ascii-numeric" ["to"] "0" { include :once :optional "a"; reject "no"; }',
];

const fromPieces = fc
  .array(fc.oneof({ weight: 9, arbitrary: fc.constantFrom(...PIECES) }, fc.string({ unit: 'binary', maxLength: 4 })), {
    maxLength: 30,
    size: 'max',
  })
  .map((pieces) => REQUIRE + pieces.join(''));

/** A good script with something cut out and something put in. */
const mutated = fc
  .tuple(fc.constantFrom(...SCRIPTS), fc.nat(), fc.nat(12), fc.constantFrom('', ...PIECES))
  .map(([script, at, cut, put]) => {
    const from = at % (script.length + 1);
    return REQUIRE + script.slice(0, from) + put + script.slice(from + cut);
  });

const anything = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 200 }),
  fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes).toString()),
);

describe('scripts', () => {
  test('of any kind run, or are refused with what is wrong', async () => {
    let ran = 0;
    const scripts = fc.oneof(
      { weight: 2, arbitrary: anything },
      { weight: 4, arbitrary: fromPieces },
      { weight: 6, arbitrary: mutated },
    );
    await fc.assert(
      fc.asyncProperty(scripts, async (script) => {
        try {
          const { actions, error } = await sieve(script, MAIL, { scripts: { a: 'keep;' } });
          ran += 1;
          if (error !== undefined) expect(actions.map(({ type }) => type)).toEqual(['keep']);
        } catch (error) {
          if (!(error instanceof SieveError)) throw error;
          expect(error.problems.every(({ line, column }) => line >= 1 && column >= 1)).toBe(true);
        }
      }),
      { numRuns: RUNS },
    );
    expect(ran).toBeGreaterThan(RUNS / 20);
  });

  test('on any mail', async () => {
    const script = `${REQUIRE}${SCRIPTS.slice(0, 5).join('\n')}`;
    compileSieve(script);
    await fc.assert(
      fc.asyncProperty(fc.oneof(anything, mutatedMail()), async (mail) => {
        await sieve(script, mail);
      }),
      { numRuns: RUNS / 4 },
    );
  });
});

function mutatedMail(): fc.Arbitrary<string> {
  return fc.tuple(fc.nat(MAIL.length), fc.nat(20), fc.string({ unit: 'binary', maxLength: 10 })).map(
    ([at, cut, put]) => MAIL.slice(0, at) + put + MAIL.slice(at + cut), // prettier-ignore
  );
}

const free = (): void => undefined;
const few = (unit: string, maxLength: number): fc.Arbitrary<string> =>
  fc.string({ unit: fc.constantFrom(...Array.from(unit)), maxLength });

describe('matching', () => {
  test('finds what the built-in search finds', () => {
    fc.assert(
      fc.property(few('ab', 80), few('ab', 24), fc.nat(80), (text, needle, from) => {
        const start = Math.min(from, text.length);
        expect(find(text, needle, start)).toBe(text.indexOf(needle, start));
      }),
      { numRuns: RUNS },
    );
  });

  test('a glob matches what the same regular expression of JavaScript matches, wildcard by wildcard', () => {
    fc.assert(
      fc.property(few('ab*?😀', 8), few('ab😀', 12), (pattern, text) => {
        const source = Array.from(pattern, (c) => (c === '*' ? '(.*?)' : c === '?' ? '(.)' : c)).join('');
        const expected = new RegExp(`^${source}$`, 'su').exec(text);
        expect(new Glob(pattern).match(text, text, free)).toEqual(expected?.slice(1, 11));
      }),
      { numRuns: RUNS },
    );
  });

  test('an expression matches where that of JavaScript does', () => {
    fc.assert(
      fc.property(few('ab()[]^$.*+?{2}|\\', 10), few('ab', 8), (pattern, text) => {
        let ours: Regex;
        let theirs: RegExp;
        try {
          ours = new Regex(pattern, false);
        } catch {
          return;
        }
        try {
          theirs = new RegExp(pattern, 's');
        } catch {
          return;
        }
        // In these the two languages differ: brackets, escapes, and braces or repetitions in odd places.
        if (/[[\]\\]|\{(?!2\})|(?<!\{2)\}|[*+?}][*+?{]|[\^$]/.test(pattern)) return;
        const found = ours.match(text, true, free);
        expect(found === undefined).toBe(!theirs.test(text));
        // It begins at the same place, and ours is never the shorter one.
        const match = theirs.exec(text);
        if (match !== null) expect(found![0]!.length).toBeGreaterThanOrEqual(match[0].length);
      }),
      { numRuns: RUNS },
    );
  });
});
