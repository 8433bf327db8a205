import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { baseSubject } from './thread.ts';
import { type ThreadMessage, type ThreadNode, threadsByReferences, threadsBySubject } from './threading.ts';

type Given = readonly [id: string, parents: string, subject: string, date?: number];

const messages = (given: readonly Given[]): ThreadMessage[] =>
  given.map(([messageId, parents, subject, date], i) => ({
    messageId,
    parents: parents === '' ? [] : parents.split(' '),
    subject: baseSubject(subject),
    date: date ?? i,
  }));

function done<T>(steps: Generator<undefined, T, undefined>): T {
  for (;;) {
    const { done: over, value } = steps.next();
    if (over) return value;
  }
}

/** As IMAP writes it, messages counted from 1. */
const shown = (nodes: readonly ThreadNode[]): string =>
  nodes
    .map((node) => {
      const inside = node.children.length === 1 ? ` ${shown(node.children).slice(1, -1)}` : shown(node.children);
      return node.message < 0
        ? `(${inside.trim()})`
        : `(${node.message + 1}${inside.startsWith('(') ? ` ${inside}` : inside})`;
    })
    .join('');

describe('REFERENCES', () => {
  test.each<[string, readonly Given[], string]>([
    [
      'a chain',
      [
        ['a', '', 's'],
        ['b', 'a', 'Re: s'],
        ['c', 'a b', 'Re: s'],
      ],
      '(1 2 3)',
    ],
    [
      'in any order',
      [
        ['c', 'a b', 'Re: s', 3],
        ['b', 'a', 'Re: s', 2],
        ['a', '', 's', 1],
      ],
      '(3 2 1)',
    ],
    [
      'two answers',
      [
        ['a', '', 's'],
        ['b', 'a', 'Re: s'],
        ['c', 'a', 'Re: s'],
        ['d', 'a c', 'Re: s'],
      ],
      '(1 (2)(3 4))',
    ],
    ['a missing parent of one', [['b', 'a', 'Re: s']], '(1)'],
    [
      'a missing parent of two',
      [
        ['b', 'a', 'Re: s'],
        ['c', 'a', 'Re: s'],
      ],
      '((1)(2))',
    ],
    [
      'a missing one between',
      [
        ['a', '', 's'],
        ['c', 'a b', 'Re: s'],
        ['d', 'a b', 'Re: s'],
      ],
      '(1 (2)(3))',
    ],
    [
      'another subject stays in the thread',
      [
        ['a', '', 's'],
        ['b', 'a', 'other'],
      ],
      '(1 2)',
    ],
    [
      'an answer without ids finds its subject',
      [
        ['a', '', 's'],
        ['b', '', 'Re: s'],
      ],
      '(1 2)',
    ],
    [
      'the same subject alone does not answer',
      [
        ['a', '', 's'],
        ['b', '', 's'],
      ],
      '((1)(2))',
    ],
    [
      'three of them',
      [
        ['a', '', 's'],
        ['b', '', 's'],
        ['c', '', 's'],
        ['d', '', 'Re: s'],
      ],
      '((1)(2)(3)(4))',
    ],
    [
      'an empty subject gathers nothing',
      [
        ['a', '', ''],
        ['b', '', 'Re:'],
      ],
      '(1)(2)',
    ],
    [
      'an answer that comes first is still the answer',
      [
        ['b', '', 'Re: s', 1],
        ['a', '', 's', 2],
      ],
      '(2 1)',
    ],
    [
      'a loop',
      [
        ['a', 'b', 's'],
        ['b', 'a', 's'],
      ],
      '(2 1)',
    ],
    ['itself', [['a', 'a', 's']], '(1)'],
    [
      'the same id twice',
      [
        ['a', '', 's'],
        ['a', '', 't'],
        ['b', 'a', 'Re: s'],
      ],
      '(1 3)(2)',
    ],
    [
      'what it says of itself counts',
      [
        ['c', 'a b', 'x'],
        ['b', 'z', 'x'],
        ['z', '', 'y'],
        ['a', '', 'w'],
      ],
      '(3 2 1)(4)',
    ],
    [
      'by date',
      [
        ['a', '', 's', 9],
        ['b', '', 't', 1],
        ['c', 'a', 's', 0],
      ],
      '(2)(1 3)',
    ],
  ])('%s', (_, given, expected) => expect(shown(done(threadsByReferences(messages(given))))).toBe(expected));

  test('every message is there once, whatever is said', () => {
    const id = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g');
    const one = fc.tuple(id, fc.array(id, { maxLength: 4 }), fc.constantFrom('s', 'Re: s', 't', ''), fc.nat(5));
    fc.assert(
      fc.property(fc.array(one, { maxLength: 12 }), (given) => {
        const list = messages(given.map(([name, of, subject, date]) => [name, of.join(' '), subject, date]));
        const found: number[] = [];
        const open = [...done(threadsByReferences(list))];
        for (let node = open.pop(); node; node = open.pop()) {
          if (node.message >= 0) found.push(node.message);
          else expect(node.children.length).toBeGreaterThan(1);
          open.push(...node.children);
        }
        expect(found.sort((a, b) => a - b)).toEqual([...list.keys()]);
      }),
    );
  });

  test('a thread of fifty thousand in the worst order takes no recursion and no square of steps (C16)', () => {
    const count = 50_000;
    const order = Array.from({ length: count }, (_, i) => (i * 7919) % count);
    const list = order.map((n): ThreadMessage => {
      const parents = n === 0 ? [] : Array.from({ length: Math.min(5, n) }, (_, i) => `m${n - Math.min(5, n) + i}`);
      return { messageId: `m${n}`, parents, subject: { text: 's', reply: n > 0 }, date: n };
    });
    const steps = threadsByReferences(list);
    let yields = 0;
    let result = steps.next();
    for (; !result.done; result = steps.next()) yields++;
    let depth = 0;
    for (let nodes = result.value; nodes.length > 0; nodes = nodes[0]!.children) depth++;
    expect(depth).toBe(count);
    expect(yields).toBeLessThan(1000);
  });

  test('missing messages with more answers than a call has arguments are one by their subject', () => {
    const subject = { text: 's', reply: true };
    const list = Array.from({ length: 150_000 }, (_, n): ThreadMessage => {
      return { messageId: '', parents: [n < 2 ? 'first' : 'second'], subject, date: n };
    });
    const [only, ...others] = done(threadsByReferences(list));
    expect(others).toEqual([]);
    expect(only!.message).toBe(-1);
    expect(only!.children.length).toBe(150_000);
  });
});

test('ORDEREDSUBJECT: the first of a subject, the others as answers to it', () => {
  const list = messages([
    ['', '', 'b', 5],
    ['', '', 'Re: a', 4],
    ['', '', 'a', 3],
    ['', '', 'a', 9],
  ]);
  expect(shown(done(threadsBySubject(list)))).toBe('(3 (2)(4))(1)');
});
