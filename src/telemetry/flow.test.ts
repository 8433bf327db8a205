import { expect, test } from 'vitest';
import { type FlowEvent, MailFlow } from './flow.ts';

const facts = { id: 'q1', sender: 'a@elsewhere.test', to: ['b@example.test'] };

test('each step is told to whoever watches, and to nobody who does not any more', () => {
  const flow = new MailFlow({ now: () => 7 });
  const seen: FlowEvent[] = [];
  flow.tell('accepted', facts);
  const watch = flow.watch((event) => seen.push(event));
  flow.tell('filed', { ...facts, detail: 'x'.repeat(5_000) });
  watch[Symbol.dispose]();
  flow.tell('filed', facts);
  expect(seen).toHaveLength(1);
  expect(seen[0]).toMatchObject({ number: 2, at: 7, step: 'filed', sender: 'a@elsewhere.test', recipients: 1 });
  expect(seen[0]?.detail.length).toBeLessThan(400);
});

test('of many recipients the first are named, and all are counted', () => {
  const flow = new MailFlow({ now: () => 7 });
  flow.tell('accepted', { ...facts, to: Array.from({ length: 1_000 }, (_, i) => `r${i}@example.test`) });
  expect(flow.since(0)).toMatchObject([{ recipients: 1_000, to: expect.arrayContaining(['r0@example.test']) }]);
  expect(flow.since(0)[0]?.to).toHaveLength(5);
});

test('the last ones are kept, in their order', () => {
  const flow = new MailFlow({ now: () => 7 });
  expect(flow.since(0)).toEqual([]);
  for (let i = 0; i < 450; i++) flow.tell('accepted', facts);
  const numbers = (since: number) => flow.since(since).map(({ number }) => number);
  expect(numbers(0)).toEqual(Array.from({ length: 200 }, (_, i) => 251 + i));
  expect(numbers(448)).toEqual([449, 450]);
  expect(numbers(450)).toEqual([]);
  // Of an earlier life of the service.
  expect(numbers(9_000)).toHaveLength(200);
});
