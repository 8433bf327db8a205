import { expect, test } from 'vitest';
import { type Conversation, isGrouped, marked, membersOf, participants } from './grouping.ts';

const person = (name: string) => ({ name, address: `${name.toLowerCase()}@elsewhere.test` });
const talk = { id: 't', total: 4, unread: 2, messages: ['9', '7', '3'], people: [] } as unknown as Conversation;
const conversationOf = (id: string) => (id === '9' ? talk : undefined);

test('lists in another order than the newest first are of messages', () => {
  const newest = { filter: 'all', sort: 'date', order: 'desc' };
  expect(isGrouped(true, newest)).toBe(true);
  expect(isGrouped(false, newest)).toBe(false);
  for (const other of [{ filter: 'unread' }, { sort: 'from' }, { order: 'asc' }])
    expect(isGrouped(true, { ...newest, ...other })).toBe(false);
});

test('a row stands for its messages, each once; what is no row stands for itself', () => {
  expect(membersOf(['9', '7', '5'], conversationOf)).toEqual(['9', '7', '3', '5']);
});

test('three of those who take part are named', () => {
  expect(participants([])).toBe('');
  expect(participants([person('Minji'), { name: '', address: 'jun@elsewhere.test' }])).toBe(
    'Minji, jun@elsewhere.test',
  );
  expect(participants(['Ara', 'Bora', 'Chul', 'Dana', 'Eun'].map(person))).toBe('Ara, Bora, Chul +2');
});

test('counts what is left to read', () => {
  expect(marked(talk, new Set(['9', '7', '3']), true).unread).toBe(0);
  expect(marked(talk, new Set(['9']), true).unread).toBe(1);
  expect(marked(talk, new Set(['9', '7', '3']), false).unread).toBe(4);
  expect(marked(talk, new Set(['1']), true)).toBe(talk);
});
