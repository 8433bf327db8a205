/** Scripts that are nearly rules, as somebody may write them into a script of rules: read, and never as something else. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { SieveError } from '../sieve/error.ts';
import { compileRules } from './compile.ts';
import { readRules } from './read.ts';
import type { Action, Condition, Rule } from './rule.ts';

// A run writes and reads a script twice.
const runs = { numRuns: Number(process.env['FUZZ_RUNS'] ?? 5_000) };

const value = fc.constantFrom('', 'a', '*?\\', '"\\"', '${x}', '한\u{1f4e8}', 'a\r\n.\r\nb', '# rule x y');
const condition: fc.Arbitrary<Condition> = fc.oneof(
  fc.record({
    field: fc.constantFrom('sender' as const, 'subject' as const, 'anywhere' as const, 'list' as const),
    comparison: fc.constantFrom('contains' as const, 'is' as const, 'matches' as const),
    value,
    not: fc.constant(true),
  }),
  fc.record({ field: fc.constant('body' as const), comparison: fc.constant('contains' as const), value }),
  fc.record({ field: fc.constant('size' as const), comparison: fc.constant('over' as const), bytes: fc.nat() }),
  fc.constant({ field: 'attachment' as const }),
);
const action: fc.Arbitrary<Action> = fc.oneof(
  fc.record({
    do: fc.constantFrom('move' as const, 'copy' as const),
    folder: fc.record({ id: fc.integer({ min: 1, max: 9 }), path: fc.constantFrom('A', '한/"x"\\') }),
  }),
  fc.constantFrom<Action>({ do: 'flag' }, { do: 'delete' }, { do: 'keyword', keyword: 'x' }),
  fc.constant({ do: 'forward' as const, address: 'a@b.example', keep: true }),
  fc.record({ do: fc.constant('reject' as const), reason: value }),
);
const rule: fc.Arbitrary<Rule> = fc.record({
  id: fc.constantFrom('a', 'b-1'),
  name: fc.constantFrom('', 'x', '# rule'),
  enabled: fc.boolean(),
  match: fc.constantFrom('all' as const, 'any' as const),
  conditions: fc.array(condition, { maxLength: 3 }),
  actions: fc.array(action, { maxLength: 3 }),
  stop: fc.boolean(),
});
const other = fc.constantFrom(
  '',
  ' ',
  '\n',
  '"',
  '[',
  ']',
  '(',
  ')',
  '{',
  '}',
  ';',
  ',',
  '\0',
  '# rule b-1 z\n',
  'true',
  'false',
  'not ',
  'allof(',
  'if ',
  'stop;',
  ':copy ',
  ':over 1G',
  'header ',
  '"subject"',
); // prettier-ignore
/** What stands at `at` (of a thousand) for so many characters becomes something else. */
const change = fc.record({ at: fc.nat(999), length: fc.nat(12), other });

test('a script is read as rules or refused, and what is read says the same when it is written again', () => {
  const read = (script: string): Rule[] => readRules(script, (index) => `n${index}`);
  fc.assert(
    fc.property(fc.array(rule, { maxLength: 2 }), fc.array(change, { maxLength: 2 }), (rules, changes) => {
      let script = compileRules(rules);
      for (const one of changes) {
        const at = Math.floor((script.length * one.at) / 1000);
        script = script.slice(0, at) + one.other + script.slice(at + one.length);
      }
      try {
        const found = read(script);
        expect(read(compileRules(found))).toEqual(found);
      } catch (error) {
        if (!(error instanceof SieveError) || changes.length === 0) throw error;
      }
    }),
    runs,
  );
});
