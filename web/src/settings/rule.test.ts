import { expect, test } from 'vitest';
import { actionFor, conditionFor, type Doing, doingOf, type NewRule, summary } from './rule.ts';
import { en } from './words-en.ts';
import { ko } from './words-ko.ts';

const rule = (more: Partial<NewRule>): NewRule => ({
  name: '',
  enabled: true,
  match: 'all',
  conditions: [],
  actions: [{ do: 'delete' }],
  stop: true,
  ...more,
});
const folderName = (id: string | null) => (id === null ? 'gone' : `folder ${id}`);

test('a rule is told in a line', () => {
  const one = rule({
    match: 'any',
    conditions: [
      { field: 'subject', comparison: 'contains', value: 'news', not: true },
      { field: 'size', comparison: 'over', bytes: 2_000_000 },
      { field: 'attachment' },
    ],
    actions: [
      { do: 'copy', folder: '4' },
      { do: 'importance', importance: 'low' },
      { do: 'forward', address: 'a@b.test', keep: true },
      { do: 'move', folder: null },
    ],
  });
  expect(summary(one, en.rules, folderName)).toBe(
    'Subject does not contain “news” / Size over “2000 kB” / Attachment is there → Copy to folder 4, Not important, Forward to a@b.test, Move to gone',
  );
  expect(summary(rule({}), ko.rules, folderName)).toBe('모든 메일 → 휴지통으로');
});

test('each thing to do in the form is an action, and the other way round', () => {
  for (const doing of Object.keys(en.rules.actions) as Doing[]) expect(doingOf(actionFor(doing, '1'))).toBe(doing);
  for (const field of Object.keys(en.rules.fields) as (keyof typeof en.rules.fields)[])
    expect(conditionFor(field).field).toBe(field);
});
