/** Rules as Sieve: what they do to a mail, and that they come back as they were. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { sieve, told } from '../../../test/support/sieve.ts';
import { compileSieve } from '../sieve/check.ts';
import { compileRules } from './compile.ts';
import { readRules } from './read.ts';
import { type Action, COMPARISONS, type Condition, type Rule, TEXT_FIELDS } from './rule.ts';

const KOREAN = [
  'From: =?utf-8?B?6rmA7Iqk7YOs?= <kim@example.com>',
  'To: bob@example.test',
  'Subject: =?utf-8?B?7KO86rCE7ZqM7J2Y?= notes',
  'List-Id: Team <team.lists.example.com>',
  'Content-Type: multipart/mixed; boundary=b',
  '',
  '--b',
  'Content-Type: text/plain; charset=utf-8',
  'Content-Transfer-Encoding: 8bit',
  '',
  '내일 세 시에 봅시다',
  '--b',
  'Content-Type: application/pdf; name="plan.pdf"',
  '',
  'pdf',
  '--b--',
  '',
].join('\n');

function rule(more: Partial<Rule>): Rule {
  return { id: 'r1', name: 'a rule', enabled: true, match: 'all', conditions: [], actions: [], stop: false, ...more };
}

const MOVE: Action = { do: 'move', folder: { id: 1, path: 'Work/일' } };

async function run(rules: readonly Rule[], mail = KOREAN, ...then: string[]): Promise<string[]> {
  return told(await sieve([compileRules(rules), ...then], mail, { mailboxes: ['Work/일'] }));
}

async function holds(condition: Condition, mail = KOREAN): Promise<boolean> {
  return (await run([rule({ conditions: [condition], actions: [{ do: 'flag' }] })], mail))[0] !== 'keep';
}

describe('a condition', () => {
  test.each<[Condition, boolean]>([
    [{ field: 'sender', comparison: 'contains', value: '스탬' }, true],
    [{ field: 'sender', comparison: 'contains', value: 'KIM@' }, true],
    [{ field: 'sender', comparison: 'is', value: '김스탬' }, true],
    [{ field: 'sender', comparison: 'is', value: '김' }, false],
    [{ field: 'sender', comparison: 'is', value: 'Kim@Example.com' }, true],
    [{ field: 'sender', comparison: 'matches', value: '*@example.com' }, true],
    [{ field: 'sender', comparison: 'matches', value: '김*' }, true],
    [{ field: 'sender', comparison: 'matches', value: '*@example' }, false],
    [{ field: 'sender', comparison: 'is', value: 'kim@example.co?' }, false],
    [{ field: 'recipient', comparison: 'is', value: 'bob@example.test' }, true],
    [{ field: 'subject', comparison: 'contains', value: '회의' }, true],
    [{ field: 'subject', comparison: 'is', value: '주간회의 NOTES' }, true],
    [{ field: 'subject', comparison: 'matches', value: '주간*' }, true],
    [{ field: 'body', comparison: 'contains', value: '세 시' }, true],
    [{ field: 'body', comparison: 'contains', value: '주간' }, false],
    [{ field: 'anywhere', comparison: 'contains', value: '내일' }, true],
    [{ field: 'anywhere', comparison: 'contains', value: '주간' }, true],
    [{ field: 'list', comparison: 'is', value: 'team.lists.example.com' }, true],
    [{ field: 'list', comparison: 'is', value: 'lists.example.com' }, false],
    [{ field: 'list', comparison: 'contains', value: 'lists.' }, true],
    [{ field: 'size', comparison: 'over', bytes: 10 }, true],
    [{ field: 'size', comparison: 'under', bytes: 10 }, false],
    [{ field: 'attachment' }, true],
    [{ field: 'attachment', not: true }, false],
    [{ field: 'subject', comparison: 'contains', value: '회의', not: true }, false],
  ])('%j: %s', async (condition, expected) => {
    expect(await holds(condition)).toBe(expected);
  });

  test('a mail without one has no attachment', async () => {
    expect(await holds({ field: 'attachment' }, 'Subject: hi\n\ntext\n')).toBe(false);
  });

  test('a list of none is no list', async () => {
    expect(await holds({ field: 'list', comparison: 'contains', value: '' }, 'Subject: hi\n\ntext\n')).toBe(false);
  });
});

describe('a rule', () => {
  const mine: Condition = { field: 'subject', comparison: 'contains', value: '회의' };
  const other: Condition = { field: 'subject', comparison: 'contains', value: 'nothing' };

  test('all or any; none holds always; one that is switched off never does', async () => {
    const with_ = (more: Partial<Rule>) => run([rule({ actions: [MOVE], ...more })]);
    expect(await with_({ conditions: [mine, other] })).toEqual(['keep']);
    expect(await with_({ conditions: [mine, other], match: 'any' })).toEqual(['fileinto Work/일']);
    expect(await with_({})).toEqual(['fileinto Work/일']);
    expect(await with_({ enabled: false })).toEqual(['keep']);
  });

  test('the first that stops is the last; then the script goes on, or does not', async () => {
    const flag = rule({ id: 'r2', actions: [{ do: 'flag' }] });
    const both = (stop: boolean) => run([rule({ actions: [{ do: 'copy', folder: { path: 'A' } }], stop }), flag]);
    expect(await both(false)).toEqual(['fileinto A', 'keep (\\Flagged)']);
    expect(await both(true)).toEqual(['fileinto A', 'keep']);
    expect(await run([rule({ actions: [MOVE] })], KOREAN, 'keep;')).toEqual(['fileinto Work/일', 'keep']);
    expect(await run([rule({ actions: [MOVE], stop: true })], KOREAN, 'keep;')).toEqual(['fileinto Work/일']);
  });

  test('everything that it can do', async () => {
    const does = (...actions: Action[]) => run([rule({ actions })]);
    expect(
      await does({ do: 'read' }, { do: 'importance', importance: 'high' }, { do: 'keyword', keyword: 'todo' }),
    ).toEqual(['keep (\\Seen $Important todo)']);
    expect(await does({ do: 'delete' })).toEqual(['fileinto Trash']);
    expect(await does({ do: 'forward', address: 'a@b.example', keep: false })).toEqual(['redirect a@b.example']);
    expect(await does({ do: 'forward', address: 'a@b.example', keep: true })).toEqual(['redirect a@b.example', 'keep']);
    expect(await does({ do: 'reject', reason: '받지 않습니다.' })).toEqual(['reject 받지 않습니다.']);
  });
});

describe('read back', () => {
  const text = fc.string({ unit: 'grapheme', minLength: 0, maxLength: 12 }).filter((s) => !s.includes('\0'));
  const condition: fc.Arbitrary<Condition> = fc
    .tuple(
      fc.oneof(
        fc.record({ field: fc.constantFrom(...TEXT_FIELDS), comparison: fc.constantFrom(...COMPARISONS), value: text }),
        fc.record({
          field: fc.constant('size' as const),
          comparison: fc.constantFrom('over' as const, 'under' as const),
          bytes: fc.nat(),
        }),
        fc.constant({ field: 'attachment' as const }),
      ),
      fc.boolean(),
    )
    .map(([one, not]): Condition => ({ ...one, ...(not && { not }) }));
  const path = fc.constantFrom('A', '일/할 일', 'a "b" \\');
  const folder = fc.oneof(fc.record({ path }), fc.record({ id: fc.integer({ min: 1 }), path }));
  const action: fc.Arbitrary<Action> = fc.oneof(
    fc.record({ do: fc.constantFrom('move' as const, 'copy' as const), folder }),
    fc.record({ do: fc.constantFrom('flag' as const, 'read' as const, 'delete' as const) }),
    fc.record({ do: fc.constant('keyword' as const), keyword: fc.stringMatching(/^[a-z]{1,9}$/) }),
    fc.record({
      do: fc.constant('importance' as const),
      importance: fc.constantFrom('high' as const, 'low' as const),
    }),
    fc.record({ do: fc.constant('forward' as const), address: fc.constant('a@b.example'), keep: fc.boolean() }),
    fc.record({ do: fc.constant('reject' as const), reason: text }),
  );
  const anyRule: fc.Arbitrary<Rule> = fc.record({
    id: fc.stringMatching(/^[a-z0-9_-]{1,8}$/),
    name: text.map((name) => name.replaceAll(/[\r\n]/g, '')),
    enabled: fc.boolean(),
    match: fc.constantFrom('all' as const, 'any' as const),
    conditions: fc.array(condition, { maxLength: 4 }),
    actions: fc.array(action, { maxLength: 3 }),
    stop: fc.boolean(),
  });

  test('rules are what they were, and the script is one that runs', () => {
    fc.assert(
      fc.property(fc.array(anyRule, { maxLength: 3 }), (rules) => {
        const script = compileRules(rules);
        compileSieve(script);
        const back = readRules(script, () => 'new');
        expect(back.map(meaning)).toEqual(rules.map(meaning));
      }),
      { numRuns: 300 },
    );
  });

  /** Of one condition, `any` and `all` are the same, and of none, too. */
  function meaning(one: Rule): Rule {
    return { ...one, match: one.conditions.length < 2 ? 'all' : one.match };
  }

  test('what was written by hand is read where it has the same form', () => {
    const script =
      'require "fileinto";\nif header :contains "Subject" "hi" { fileinto "A"; stop; }\nif true { redirect "a@b.example"; }';
    expect(readRules(script, (i) => `n${i}`)).toMatchObject([
      {
        id: 'n0',
        conditions: [{ field: 'subject', value: 'hi' }],
        actions: [{ do: 'move', folder: { path: 'A' } }],
        stop: true,
      },
      { id: 'n1', conditions: [], actions: [{ do: 'forward', keep: false }] },
    ]);
  });

  test.each([
    ['require "fileinto";\nfileinto "A";', "line 2, column 1: 'fileinto' stands in no rule"],
    ['if header :contains "x-mine" "hi" { stop; }', "line 1, column 4: this 'header' cannot be shown as a rule"],
    ['if not not header :contains "subject" "hi" { stop; }', "this 'not' cannot be shown as a rule"],
    ['if true { discard; }', "line 1, column 11: this 'discard' cannot be shown as a rule"],
    ['if true { stop; } else { keep; }', "'else' stands in no rule"],
    ['if true {', "'{'"],
  ])('what is no rule is said, with its place: %s', (script, told) => {
    expect(() => readRules(script, () => 'x')).toThrow(told);
  });
});
